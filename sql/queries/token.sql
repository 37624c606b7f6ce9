-- TOKEN_PUT roles: auth sync
INSERT OR REPLACE INTO token (account_id, generation, writer_key_id, reader_key_id, access_sealed, refresh_sealed,
                              stored_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- TOKEN_GET roles: sync
SELECT t.generation, t.writer_key_id, t.reader_key_id, t.access_sealed, t.refresh_sealed, k.public_hex
  FROM token AS t LEFT JOIN seal_key AS k ON k.key_id = t.writer_key_id
 WHERE t.account_id = ?1;

-- TOKEN_DELETE roles: sync
DELETE FROM token WHERE account_id = ?1;

-- TOKEN_AFTER roles: sync
SELECT account_id FROM token WHERE account_id > ?1 AND reader_key_id <> ?2 ORDER BY account_id LIMIT 1;

-- LEASE_TAKE roles: sync
INSERT INTO token_lease (account_id, owner, generation, until_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (account_id) DO UPDATE
   SET owner = excluded.owner, generation = excluded.generation, until_at = excluded.until_at
 WHERE token_lease.until_at <= ?5;

-- LEASE_ELSEWHERE roles: sync
SELECT EXISTS (SELECT 1 FROM token_lease WHERE account_id = ?1 AND owner <> ?2 AND until_at > ?3);

-- LEASE_FREE roles: sync
DELETE FROM token_lease WHERE account_id = ?1 AND owner = ?2;

-- LEASES_HELD roles: sync plan: scan at most refresh_parallel rows and those of dead processes
SELECT count(*) FROM token_lease WHERE until_at > ?1;

-- JOURNAL_ADD roles: auth sync
INSERT INTO token_journal (account_id, kind, generation, owner, state, intent_at)
VALUES (nullif(?1, 0), ?2, ?3, ?4, 'intent', ?5);

-- JOURNAL_END roles: auth sync
UPDATE token_journal
   SET state = ?2, result_at = ?3, http_status = nullif(?4, 0), detail = ?5,
       account_id = coalesce(account_id, nullif(?6, 0))
 WHERE id = ?1;

-- JOURNAL_OPEN roles: sync
SELECT count(*), coalesce(sum(state = 'intent'), 0)
  FROM token_journal
 WHERE account_id = ?1 AND state IN ('intent', 'unknown') AND kind = 'refresh' AND generation = ?2;

-- JOURNAL_GIVE_UP roles: sync
UPDATE token_journal
   SET state = 'unknown', result_at = ?3, detail = 'the process ended before the answer'
 WHERE account_id = ?1 AND generation = ?2 AND kind = 'refresh' AND state = 'intent';

-- JOURNAL_GIVE_UP_OLD roles: sync plan: scan the open ones, of which there are few
-- A renewal of the present generation is left to whoever takes the lease next: JOURNAL_GIVE_UP.
UPDATE token_journal
   SET state = 'unknown', result_at = ?2, detail = 'the process ended before the answer'
 WHERE state IN ('intent', 'unknown') AND state = 'intent' AND intent_at < ?1
   AND (kind <> 'refresh' OR generation <> (SELECT a.generation FROM account AS a WHERE a.id = account_id));

-- SEAL_KEY_PUT roles: admin sync
INSERT INTO seal_key (key_id, use, public_hex, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key_id) DO NOTHING;

-- SEAL_KEY_USE roles: admin auth sync plan: scan a handful of keys
SELECT key_id, public_hex FROM seal_key WHERE use = ?1 AND retired_at IS NULL ORDER BY created_at DESC LIMIT 1;

-- EVIDENCE_ADD roles: auth sync
INSERT INTO call_evidence (account_id, at, call, stage, status, request_id, answer, company_id, project_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- EVIDENCE_TRIM roles: sync
DELETE FROM call_evidence
 WHERE account_id = ?1
   AND id <= (SELECT id FROM call_evidence WHERE account_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2);
