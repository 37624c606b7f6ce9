-- Sync Issues (store/issue).

-- ISSUE_OPEN roles: sync
INSERT INTO issue (connection_id, item_id, direction, code, message, remedy, tries, first_at, last_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?7)
ON CONFLICT (connection_id, ifnull(item_id, 0), direction, code) WHERE state = 'open'
DO UPDATE SET message = ?5, remedy = ?6, tries = tries + 1, last_at = ?7;

-- ISSUE_CLEAR_ITEM roles: sync
UPDATE issue SET state = 'cleared', ended_at = ?4, ended_by = 'worker', ended_reason = ?5
 WHERE item_id = ?1 AND state = 'open' AND (direction = ?2 OR ?2 = '') AND code <> ?3;

-- ISSUE_CLEAR_CONNECTION roles: sync
UPDATE issue SET state = 'cleared', ended_at = ?3, ended_by = 'worker', ended_reason = ?4
 WHERE connection_id = ?1 AND item_id IS NULL AND state = 'open' AND code = ?2;
