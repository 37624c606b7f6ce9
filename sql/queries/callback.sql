-- HAND_OVER_OPEN roles: web auth sync
SELECT id, new_login FROM hand_over
 WHERE account_id = ?1 AND used_at IS NULL AND withdrawn_at IS NULL ORDER BY id DESC LIMIT 1;

-- HAND_OVER_USED roles: auth
UPDATE hand_over SET used_at = ?2 WHERE id = ?1;
