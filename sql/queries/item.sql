-- Items, their files and their history (store/item).

-- ITEM_GET roles: sync
SELECT id, connection_id, kind, procore_id, number, revision, subject, previous_id, npc_id, npc_number, state,
       reason, reason_text, account_id, procore_status, procore_updated_at, procore_hash, npc_status,
       npc_updated_at, npc_hash, agreed, kept, answers, court_left_at, tries, next_try_at, first_seen_at, changed_at
  FROM item WHERE id = ?1;

-- ITEM_BY_PROCORE roles: sync
SELECT id FROM item WHERE connection_id = ?1 AND kind = ?2 AND procore_id = ?3;

-- ITEM_BY_NPC roles: sync
SELECT id FROM item WHERE connection_id = ?1 AND npc_id = ?2;

-- ITEM_BY_NUMBER roles: sync
SELECT id FROM item WHERE connection_id = ?1 AND kind = ?2 AND number = ?3 AND id <> ?4 AND npc_id IS NOT NULL
 ORDER BY procore_id DESC LIMIT 1;

-- ITEM_ADD roles: sync
INSERT INTO item (connection_id, kind, procore_id, state, first_seen_at, changed_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?5);

-- Saves all but what never changes. next_try_at only if nobody asked for another try meanwhile (?26: as read).
-- ITEM_SAVE roles: sync
UPDATE item SET number = ?2, revision = ?3, subject = ?4, previous_id = ?5, npc_id = ?6, npc_number = ?7,
       state = ?8, reason = ?9, reason_text = ?10, account_id = ?11, procore_status = ?12,
       procore_updated_at = ?13, procore_hash = ?14, npc_status = ?15, npc_updated_at = ?16, npc_hash = ?17,
       agreed = ?18, kept = ?19, answers = ?20, court_left_at = ?21, tries = ?22,
       next_try_at = CASE WHEN next_try_at IS ?23 THEN ?24 ELSE next_try_at END, changed_at = ?25
 WHERE id = ?1;

-- ITEM_DUE roles: sync
SELECT id FROM item WHERE connection_id = ?1 AND next_try_at <= ?2 ORDER BY next_try_at, id LIMIT 500;

-- ITEM_NEXT_DUE roles: sync
SELECT min(next_try_at) FROM item WHERE connection_id = ?1 AND next_try_at IS NOT NULL;

-- ITEM_ANY_OPEN roles: sync
SELECT EXISTS (SELECT 1 FROM item WHERE connection_id = ?1 AND kind = ?2
                  AND state IN ('waiting', 'linked', 'answered', 'parked'));

-- Items that wait for something that has just been mended (?3: word of core/plan), or may have been: then not
-- those whose issue was dismissed (?5 false).
-- ITEM_WAKE_REASON roles: sync
UPDATE item SET next_try_at = ?4, tries = 0
 WHERE connection_id = ?1 AND state IN ('waiting', 'parked') AND reason = ?3
   AND (account_id = ?2 OR account_id IS NULL)
   AND (?5 OR EXISTS (SELECT 1 FROM issue i WHERE i.item_id = item.id AND i.state = 'open'));

-- Items of a connection whose answer waits for an account.
-- ITEM_WAKE_ACCOUNT roles: sync
UPDATE item SET next_try_at = ?3, tries = 0
 WHERE connection_id = ?1
   AND id IN (SELECT r.item_id FROM response r WHERE r.state = 'waiting' AND r.account_id = ?2);

-- ITEM_EVENT_ADD roles: sync
INSERT INTO item_event (item_id, at, actor, text, account_id) VALUES (?1, ?2, ?3, ?4, ?5);

-- ITEM_FILES roles: sync
SELECT id, item_id, response_id, origin, origin_id, name, carried_name, bytes, sha256, state, other_id, detail,
       changed_at
  FROM item_file WHERE item_id = ?1 AND origin = ?2 AND ifnull(response_id, 0) = ?3 ORDER BY id;

-- ITEM_FILE_ADD roles: sync
INSERT INTO item_file (item_id, response_id, origin, origin_id, name, carried_name, bytes, sha256, state, changed_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'waiting', ?9)
ON CONFLICT (item_id, origin, origin_id) DO UPDATE SET name = ?5, carried_name = ?6 WHERE name = '' AND ?5 <> '';

-- ITEM_FILE_SAVE roles: sync
UPDATE item_file SET bytes = ?2, sha256 = ?3, state = ?4, other_id = ?5, detail = ?6, changed_at = ?7, carried_name = ?8
 WHERE id = ?1;

-- ITEM_COST_ADD roles: sync
-- Above 200 items what was is halved first, so that the last few hundred decide.
INSERT INTO item_cost (kind, way, items, calls, ms) VALUES (?1, ?2, 1, ?3, ?4)
ON CONFLICT (kind, way) DO UPDATE SET items = items / iif(items > 200, 2, 1) + 1,
  calls = calls / iif(items > 200, 2, 1) + ?3, ms = ms / iif(items > 200, 2, 1) + ?4;
