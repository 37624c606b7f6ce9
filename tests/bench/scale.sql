-- A firm of :projects connected projects, :accounts Procore logins and :items linked items, as the benchmark of sizes
-- (scale.py) fills it in: one statement each, all in one transaction. :now is the time of the rows.
-- Parts are named by comments that begin with two dashes and =.

--= people
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :accounts)
INSERT INTO person (id, user_name, name, mail, global_admin, created_at)
SELECT 1000 + i, 'p' || i, 'Person ' || i, 'p' || i || '@firm.example', 0, :now FROM n;

--= accounts
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :accounts)
INSERT INTO account (id, public_id, login, login_folded, procore_user_id, name, state, cause, since_at, generation,
       access_expires_at, refresh_due_at, last_refresh_at, proved_at, created_at)
SELECT i, printf('%032x', i), 'p' || i || '@firm.example', 'p' || i || '@firm.example', 5000000000 + i, 'Person ' || i,
       iif(i % 25 = 0, 'lost', 'ok'), iif(i % 25 = 0, 'sign_in_lost', 'none'), :now - 86400, 1, :now + 3000, :now + 2000,
       :now - 2000, :now - 60, :now - 9000000 FROM n;

--= whose
INSERT INTO person_account (person_id, account_id, source, at) SELECT 1000 + id, id, 'proved', :now FROM account;

--= incidents
INSERT INTO incident (subject, subject_id, cause, opened_at, told_at, reminders, next_reminder_at)
SELECT 'account', id || '', 'sign_in_lost', :now - 86400, :now - 86400, 1, :now + 86400 FROM account WHERE state = 'lost';

--= companies
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1 + :projects / 20)
INSERT INTO company (procore_company_id, name, app_state, since_at)
SELECT 600000000 + i, 'Contractor ' || i, iif(i % 50 = 49, 'not_connected', 'ok'), :now FROM n;

--= connections
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :projects)
INSERT INTO connection (id, npc_project_id, npc_number, npc_name, npc_server, procore_company_id, procore_project_id,
       procore_number, procore_name, state, sync_from_at, last_sync_at, next_sync_at, idle_passes, created_by, created_at,
       changed_at)
SELECT i, printf('npc-%d', i), printf('%d-%03d', 2020 + i % 7, i), 'Project number ' || i, 'NPC-EAST',
       600000001 + i % (:projects / 20), 700000000 + i, printf('%d-%03d', 20 + i % 7, i), 'Project number ' || i,
       iif(i % 40 = 0, 'paused', 'active'), :now - 9000000, :now - 300, iif(i % 40 = 0, NULL, :now + 300 + i % 600), 500,
       'import', :now - 9000000, :now - 9000000 FROM n;

--= seats: two a project, a third in every third one; an account sits in eight or nine projects
WITH RECURSIVE s (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM s WHERE k < 2)
INSERT INTO bic (connection_id, account_id, position, state, rfi_level, submittal_level, npc_contact_id, checked_at, added_at)
SELECT c.id, 1 + (c.id * (k * k + 1) + k * 7) % :accounts, k + 1, 'ok', 'Standard', 'Standard', 'c-' || c.id || k, :now, :now
  FROM connection AS c JOIN s WHERE k < 2 OR c.id % 3 = 0
    ON CONFLICT DO NOTHING;

--= admins: one for each fifty projects
INSERT INTO project_admin (connection_id, person_id) SELECT id, 1001 + id % max(:projects / 50, 1) FROM connection;

--= jobs
INSERT INTO job (kind, ref, priority, due_at, created_at)
SELECT 'sync', id, 70, next_sync_at, :now FROM connection WHERE next_sync_at IS NOT NULL;

--= marks
WITH w (side, kind) AS (VALUES ('npc', 'rfi'), ('npc', 'submittal'), ('procore', 'rfi'), ('procore', 'submittal'),
       ('procore', 'rfi_bin'), ('procore', 'submittal_bin'))
INSERT INTO mark (connection_id, side, kind, account_id, until_at, pass_at)
SELECT b.connection_id, w.side, w.kind, iif(w.side = 'npc', 0, b.account_id), :now - 300, :now - 300
  FROM bic AS b JOIN w WHERE b.position = 1;

--= items
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :items)
INSERT INTO item (id, connection_id, kind, procore_id, number, subject, npc_id, npc_number, state, account_id,
       procore_status, procore_updated_at, procore_hash, npc_status, npc_updated_at, npc_hash, agreed, answers,
       next_try_at, first_seen_at, changed_at)
SELECT i, 1 + i % :projects, iif(i % 2, 'rfi', 'submittal'), 800000000 + i, i / :projects || '', 'Anchor bolts at grid line ' || i,
       'it-' || i, 'RFI-' || i, CASE WHEN i % 100 < 75 THEN 'closed' WHEN i % 100 < 98 THEN 'linked' ELSE 'waiting' END,
       1 + (1 + i % :projects) % :accounts, iif(i % 100 < 75, 'Closed', 'Open'), :now - 900000 - i, hex(i * 7919),
       iif(i % 100 < 75, 'Closed', 'Open'), :now - 900000, '3', json_object('subject', 'Anchor bolts at grid line ' || i,
       'question', 'The plan shows 3/4 bolts. Is 7/8 acceptable?', 'due_date', '2030-01-01'), i % 2,
       iif(i % 100 < 98, NULL, :now + 600), :now - 900000, :now - 900000 + i % 800000 FROM n;

--= skipped
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :items / 2)
INSERT INTO item (connection_id, kind, procore_id, number, subject, state, reason, reason_text, first_seen_at, changed_at)
SELECT 1 + i % :projects, iif(i % 2, 'rfi', 'submittal'), 900000000 + i, 5000 + i / :projects || '', 'Of no concern ' || i,
       'skipped', 'no_bic', 'Nobody of the design team is in court.', :now - 900000, :now - 900000 FROM n;

--= files
INSERT INTO item_file (item_id, origin, origin_id, name, bytes, sha256, state, other_id, changed_at)
SELECT id, 'procore', procore_id || '', 'sheet-' || id || '.pdf', 65536, printf('%064x', id), 'done', 'fl-' || id, :now
  FROM item WHERE npc_id IS NOT NULL;

--= responses
INSERT INTO response (item_id, npc_response_id, author_login, account_id, close_kind, action, body, at, ordinal, state,
       procore_id, sent_at)
SELECT id, 'r-' || id, 'p@firm.example', account_id, 'respond_and_close', 'Answered', 'Yes, that is acceptable.', :now, 1,
       iif(id % 1000 = 76, 'waiting', 'sent'), id || '', :now FROM item WHERE npc_id IS NOT NULL AND id % 100 < 80;

--= effects
INSERT INTO effect (key, connection_id, item_id, kind, state, request, result, created_at, called_at, done_at)
SELECT 'npc.create:' || id, connection_id, id, 'npc.create', 'done', '{"subject":"Anchor bolts"}', npc_id, :now, :now, :now
  FROM item WHERE npc_id IS NOT NULL;

--= events
WITH RECURSIVE k (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < 3)
INSERT INTO item_event (item_id, at, actor, text)
SELECT t.id, :now - 900000 + k.n, 'connectorweb', 'Taken over into Project Center as ' || t.npc_number || '.'
  FROM item AS t JOIN k WHERE t.npc_id IS NOT NULL;

--= issues
INSERT INTO issue (connection_id, item_id, direction, code, message, remedy, state, first_at, last_at)
SELECT connection_id, id, 'to_npc', 'file', 'The file "sheet.pdf" could not be fetched.', 'It is tried again.',
       iif(id % 400 = 0, 'open', 'cleared'), :now - 9000, :now - id % 9000 FROM item WHERE npc_id IS NOT NULL AND id % 40 = 0;

--= audit
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20 * :projects)
INSERT INTO audit (at, actor, action, target, detail, mac)
SELECT :now - 4000000 + i, 'p' || (i % :accounts), iif(i % 3, 'account.refresh', 'connection.settings'),
       iif(i % 3, 'account ' || (1 + i % :accounts), 'connection ' || (1 + i % :projects)), '{}', randomblob(32) FROM n;

--= passes: those that found something, and a week of quiet hours
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
INSERT INTO pass (connection_id, account_id, started_at, finished_at, found, done, skipped, failed, calls)
SELECT c.id, NULL, :now - n.i * 9000, :now - n.i * 9000 + 5, 1, 1, 0, 0, 6 FROM connection AS c JOIN n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 168)
INSERT INTO pass_hour (connection_id, hour_at, passes, calls)
SELECT c.id, (:now / 3600 - n.i) * 3600, 6, 8 FROM connection AS c JOIN n;

--= mails
INSERT INTO mail (kind, dedupe, to_address, message_id, state, next_at, queued_at, sent_at)
SELECT 'reminder', 'd' || id, login, 'm' || id || '@firm.example', 'sent', :now, :now, :now FROM account;
