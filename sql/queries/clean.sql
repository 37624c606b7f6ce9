-- Retention: lib/store/clean.c. A look and then a removal of what it found, so that no write waits for a scan.

-- CLEAN_MAILS roles: sync plan: scan once a day
SELECT id FROM mail WHERE state <> 'queued' AND queued_at < ?1 ORDER BY id LIMIT ?2;

-- CLEAN_MAILS_GO roles: sync
DELETE FROM mail WHERE id IN (SELECT value FROM json_each(?1));

-- CLEAN_INCIDENTS roles: sync plan: scan once a day, after the mails
SELECT i.id FROM incident AS i
 WHERE i.closed_at < ?1 AND NOT EXISTS (SELECT 1 FROM mail AS m WHERE m.incident_id = i.id)
 ORDER BY i.id LIMIT ?2;

-- CLEAN_INCIDENTS_GO roles: sync
DELETE FROM incident WHERE id IN (SELECT value FROM json_each(?1));

-- CLEAN_HOOKS roles: sync plan: scan once a day
SELECT id FROM hook_event WHERE received_at < ?1 AND handled_at IS NOT NULL ORDER BY id LIMIT ?2;

-- CLEAN_HOOKS_GO roles: sync
DELETE FROM hook_event WHERE id IN (SELECT value FROM json_each(?1));

-- CLEAN_PASSES roles: sync plan: scan once a day
SELECT id FROM pass WHERE finished_at < ?1 ORDER BY id LIMIT ?2;

-- CLEAN_PASSES_GO roles: sync
DELETE FROM pass WHERE id IN (SELECT value FROM json_each(?1));

-- CLEAN_EVENTS roles: sync plan: scan once a day
-- The history of an item stays while it is linked.
SELECT v.id FROM item_event AS v JOIN item AS i ON i.id = v.item_id
 WHERE v.at < ?1 AND i.changed_at < ?1 AND i.state IN ('closed', 'skipped') ORDER BY v.id LIMIT ?2;

-- CLEAN_EVENTS_GO roles: sync
DELETE FROM item_event WHERE id IN (SELECT value FROM json_each(?1));

-- CLEAN_ISSUES roles: sync plan: scan once a day
SELECT id FROM issue WHERE state <> 'open' AND ended_at < ?1 ORDER BY id LIMIT ?2;

-- CLEAN_ISSUES_GO roles: sync
DELETE FROM issue WHERE id IN (SELECT value FROM json_each(?1));

-- CLEAN_CALLS roles: sync plan: scan once a day
SELECT id FROM call_evidence WHERE at < ?1 ORDER BY id LIMIT ?2;

-- CLEAN_CALLS_GO roles: sync
DELETE FROM call_evidence WHERE id IN (SELECT value FROM json_each(?1));

-- CLEAN_TOKEN_CALLS roles: sync plan: scan once a day
-- What was lost on the way counts as long as its generation lives (JOURNAL_OPEN), so those rows stay.
SELECT id FROM token_journal WHERE intent_at < ?1 AND state IN ('done', 'refused', 'unsent') ORDER BY id LIMIT ?2;

-- CLEAN_TOKEN_CALLS_GO roles: sync
DELETE FROM token_journal WHERE id IN (SELECT value FROM json_each(?1));

-- CLEAN_CHECKS roles: sync plan: scan once a day
SELECT id FROM bic_check WHERE asked_at < ?1 ORDER BY id LIMIT ?2;

-- CLEAN_CHECKS_GO roles: sync
DELETE FROM bic_check WHERE id IN (SELECT value FROM json_each(?1));

-- CLEAN_HOURS_NEXT roles: sync
SELECT max(id) FROM (SELECT id FROM connection WHERE id > ?1 ORDER BY id LIMIT ?2);

-- CLEAN_HOURS_GO roles: sync
DELETE FROM pass_hour
 WHERE connection_id IN (SELECT id FROM connection WHERE id > ?1 ORDER BY id LIMIT ?2) AND hour_at < ?3;
