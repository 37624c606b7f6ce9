-- The journal of what we do to the outside (store/effect).

-- EFFECT_GET roles: sync
SELECT id, key, state, request, result, tries, look_at, created_at, called_at, detail FROM effect WHERE key = ?1;

-- EFFECT_ADD roles: sync
INSERT INTO effect (key, connection_id, item_id, kind, account_id, state, request, tries, created_at, called_at)
VALUES (?1, ?2, ?3, ?4, ?5, 'intent', ?6, 1, ?7, ?7);

-- About to be called once more: it was refused before, never left, or has been looked for in vain.
-- EFFECT_AGAIN roles: sync
UPDATE effect SET state = 'intent', request = ?2, account_id = ?3, tries = tries + 1, look_at = NULL,
       called_at = ?4, done_at = NULL, detail = '' WHERE id = ?1;

-- EFFECT_END roles: sync
UPDATE effect SET state = ?2, result = ?3, look_at = ?4, called_at = ?5, done_at = ?6, detail = ?7 WHERE id = ?1;

-- Writes that set values, left open by a process that died: both sides have been read since and agree.
-- EFFECT_AGREED roles: sync
UPDATE effect SET state = 'done', look_at = NULL, done_at = ?2, detail = 'both sides agree'
 WHERE item_id = ?1 AND kind IN ('npc.update', 'npc.reopen') AND state IN ('intent', 'unknown');
