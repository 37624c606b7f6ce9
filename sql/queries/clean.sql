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
-- A renewal that was lost on the way counts as long as its generation lives (JOURNAL_OPEN), so those rows stay.
SELECT id FROM token_journal
 WHERE intent_at < ?1 AND (state IN ('done', 'refused', 'unsent') OR (state = 'unknown' AND kind <> 'refresh'))
 ORDER BY id LIMIT ?2;

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

-- CLEAN_DRAFTS roles: sync plan: scan once a day
-- Connect a project that nobody saved. Such a row was never open, so no item, pass or effect hangs on it.
SELECT id FROM connection WHERE state = 'disconnected' AND created_by = '' AND changed_at < ?1 ORDER BY id LIMIT ?2;

-- CLEAN_DRAFTS_JOBS roles: sync
WITH gone (id) AS (SELECT c.id FROM json_each(?1) AS x CROSS JOIN connection AS c ON c.id = x.value
                    WHERE c.state = 'disconnected' AND c.created_by = '')
DELETE FROM job
 WHERE (kind = 'choices' AND ref IN (SELECT id FROM gone))
    OR (kind = 'check_bic' AND ref IN (SELECT b.id FROM gone AS g CROSS JOIN bic AS b ON b.connection_id = g.id));

-- CLEAN_DRAFTS_CHECKS roles: sync
DELETE FROM bic_check
 WHERE connection_id IN (SELECT c.id FROM json_each(?1) AS x CROSS JOIN connection AS c ON c.id = x.value
                          WHERE c.state = 'disconnected' AND c.created_by = '');

-- CLEAN_DRAFTS_SEATS roles: sync
DELETE FROM bic
 WHERE connection_id IN (SELECT c.id FROM json_each(?1) AS x CROSS JOIN connection AS c ON c.id = x.value
                          WHERE c.state = 'disconnected' AND c.created_by = '');

-- CLEAN_DRAFTS_CHOICES roles: sync
DELETE FROM response_choice
 WHERE connection_id IN (SELECT c.id FROM json_each(?1) AS x CROSS JOIN connection AS c ON c.id = x.value
                          WHERE c.state = 'disconnected' AND c.created_by = '');

-- CLEAN_DRAFTS_MAP roles: sync
DELETE FROM response_map
 WHERE connection_id IN (SELECT c.id FROM json_each(?1) AS x CROSS JOIN connection AS c ON c.id = x.value
                          WHERE c.state = 'disconnected' AND c.created_by = '');

-- CLEAN_DRAFTS_GO roles: sync
DELETE FROM connection WHERE id IN (SELECT value FROM json_each(?1)) AND state = 'disconnected' AND created_by = '';

-- CLEAN_LISTS roles: sync plan: scan once a day
-- Accounts of which nobody looked at a list since; 0 is Project Center's. A few at a time: a list may have 10,000 rows.
SELECT account_id FROM browse_list GROUP BY account_id HAVING max(wanted_at) < ?1 ORDER BY account_id LIMIT min(?2, 5);

-- CLEAN_LISTS_SIGN_INS roles: sync
-- Whoever signed in to connect a project and never got a seat: the grant at Procore ends too.
INSERT INTO job (kind, ref, arg, priority, due_at, created_at)
SELECT 'revoke', a.id, '{"after":"removed"}', 30, ?2, ?2 FROM account AS a
 WHERE a.id IN (SELECT value FROM json_each(?1)) AND a.state IN ('ok', 'suspect')
   AND NOT EXISTS (SELECT 1 FROM bic AS b WHERE b.account_id = a.id AND b.removed_at IS NULL)
    ON CONFLICT (kind, ref) DO NOTHING;

-- CLEAN_LISTS_ROWS roles: sync
DELETE FROM browse_row WHERE account_id IN (SELECT value FROM json_each(?1));

-- CLEAN_LISTS_GO roles: sync
DELETE FROM browse_list WHERE account_id IN (SELECT value FROM json_each(?1));
