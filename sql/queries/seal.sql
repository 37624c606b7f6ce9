-- Sealing keys and their change: lib/store/seal_rows.c.

-- SEAL_READERS roles: sync admin plan: scan tokens, at the worker's start and when a key changes
SELECT reader_key_id, count(*) FROM token GROUP BY reader_key_id;

-- SEAL_KNOWN roles: auth sync admin
SELECT EXISTS (SELECT 1 FROM seal_key WHERE key_id = ?1 AND use = ?2);

-- SEAL_NEXT_PUT roles: admin
-- Newer than every other key, also within the same second.
INSERT INTO seal_key (key_id, use, public_hex, created_at)
SELECT ?1, 'reader', ?2, max(?3, 1 + coalesce((SELECT max(created_at) FROM seal_key), 0)) WHERE true
    ON CONFLICT (key_id) DO NOTHING;

-- SEAL_LEFT roles: sync admin plan: scan tokens, when a key changes and once in five minutes
SELECT count(*) FROM token WHERE reader_key_id <> ?1;

-- SEAL_RESEAL roles: sync
UPDATE token SET writer_key_id = ?4, reader_key_id = ?5, access_sealed = ?6, refresh_sealed = ?7
 WHERE account_id = ?1 AND generation = ?2 AND reader_key_id = ?3;

-- SEAL_STEP roles: sync
-- Pairs that are stored anew meanwhile are sealed for the new key by themselves, so this may stay behind the total.
UPDATE meta SET value = CAST(value AS INTEGER) + 1 || ''
 WHERE key = 'rotate_done'
   AND CAST(value AS INTEGER) < (SELECT CAST(t.value AS INTEGER) FROM meta AS t WHERE t.key = 'rotate_total');

-- SEAL_RETIRE roles: sync plan: scan a handful of keys, and tokens for each that is not retired
UPDATE seal_key SET retired_at = ?2
 WHERE use = 'reader' AND key_id <> ?1 AND retired_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM token AS t WHERE t.reader_key_id = seal_key.key_id);
