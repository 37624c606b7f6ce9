-- ATTEMPT_ADD roles: web auth
INSERT INTO attempt (state_sha256, purpose, account_id, connection_id, user_name, cookie_sha256, return_to,
                     created_at, expires_at)
VALUES (?1, ?2, nullif(?3, 0), nullif(?4, 0), ?5, ?6, ?7, ?8, ?9);

-- ATTEMPT_CONSUME roles: auth
UPDATE attempt SET consumed_at = ?2 WHERE state_sha256 = ?1 AND consumed_at IS NULL
RETURNING id, purpose, account_id, connection_id, user_name, cookie_sha256, return_to, created_at, expires_at;

-- ATTEMPT_GET roles: auth
SELECT id, purpose, account_id, connection_id, user_name, cookie_sha256, return_to, created_at, expires_at, outcome
  FROM attempt WHERE state_sha256 = ?1;

-- ATTEMPT_OUTCOME roles: auth
UPDATE attempt SET outcome = ?2 WHERE id = ?1;

-- ATTEMPT_CLEAN roles: sync
DELETE FROM attempt WHERE expires_at < ?1;
