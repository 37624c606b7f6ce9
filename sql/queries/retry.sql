-- What people do about items and issues (store/retry).

-- RETRY_ITEM roles: web sync
-- An item that was left out counts as asked for by a person: what came before the connection is then eligible.
-- Without the hash Procore's side is read afresh, even if nothing seems to have changed.
UPDATE item SET next_try_at = ?2, tries = 0, reason = CASE WHEN ?3 AND state = 'skipped' THEN 'pulled' ELSE reason END,
       procore_hash = CASE WHEN ?3 THEN '' ELSE procore_hash END
 WHERE id = ?1;

-- RETRY_CONNECTION roles: web
UPDATE item SET next_try_at = ?2, tries = 0
 WHERE id IN (SELECT item_id FROM issue WHERE connection_id = ?1 AND state = 'open' AND item_id IS NOT NULL);

-- RETRY_EVENT roles: web sync
INSERT INTO item_event (item_id, at, actor, text) VALUES (?1, ?2, ?3, ?4);

-- What was dismissed is not tried again by itself: a change on either side or a person brings it back.
-- RETRY_REST roles: web
UPDATE item SET next_try_at = NULL
 WHERE id = (SELECT item_id FROM issue WHERE id = ?1)
   AND NOT EXISTS (SELECT 1 FROM issue o WHERE o.item_id = item.id AND o.state = 'open');

-- RETRY_DISMISS roles: web
UPDATE issue SET state = 'dismissed', ended_at = ?2, ended_by = ?3, ended_reason = ?4 WHERE id = ?1 AND state = 'open';
