-- What connectorctl shows: lib/store/report.c. Columns are printed under their names, those ending in _at as times.

-- REPORT_ACCOUNT roles: web admin
SELECT id, public_id, login, name, procore_user_id, state, cause, cause_text, since_at, generation, access_expires_at,
       refresh_due_at, last_refresh_at, proved_at, created_at
  FROM account WHERE id = ?1;

-- REPORT_PEOPLE roles: web admin
SELECT p.user_name, p.name, p.mail, pa.source, pa.at AS joined_at
  FROM person_account AS pa JOIN person AS p ON p.id = pa.person_id WHERE pa.account_id = ?1 ORDER BY p.user_name;

-- Those of one Project Admin's projects, or all (?2 is 0).
-- REPORT_SEATS roles: web admin
SELECT c.npc_number AS project, c.npc_name AS name, c.state AS connection, co.name AS company, co.app_state,
       b.position, b.state, b.state_text, b.rfi_level, b.submittal_level, b.checked_at, b.removed_at
  FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
  JOIN company AS co ON co.procore_company_id = c.procore_company_id
 WHERE b.account_id = ?1
   AND (?2 = 0 OR EXISTS (SELECT 1 FROM project_admin AS pa WHERE pa.connection_id = c.id AND pa.person_id = ?2))
 ORDER BY c.npc_number, b.id;

-- REPORT_JOURNAL roles: web admin
SELECT kind, generation, state, intent_at, result_at, http_status, detail, owner
  FROM token_journal WHERE account_id = ?1 ORDER BY id DESC LIMIT 100;

-- REPORT_CALLS roles: web admin
-- What was called for projects of others, and what came, is not a Project Admin's (?2) to read.
SELECT s.at AS ended_at, CASE WHEN s.own THEN s.call ELSE 'a call for another project' END AS call,
       CASE WHEN s.own THEN nullif(s.company_id, 0) END AS company_id,
       CASE WHEN s.own THEN nullif(s.project_id, 0) END AS project_id,
       s.stage, s.status, s.request_id, CASE WHEN s.own THEN s.answer ELSE 'withheld' END AS answer
  FROM (SELECT e.*, ?2 = 0 OR (e.company_id = 0 AND e.project_id = 0) OR EXISTS (
                      SELECT 1 FROM project_admin AS pa JOIN connection AS c ON c.id = pa.connection_id
                       WHERE pa.person_id = ?2 AND c.procore_company_id = e.company_id
                         AND e.project_id IN (0, c.procore_project_id)) AS own
          FROM call_evidence AS e WHERE e.account_id = ?1) AS s
 ORDER BY s.id DESC;

-- REPORT_INCIDENTS roles: web admin plan: scan a file for support, rarely made
SELECT cause, detail, opened_at, closed_at, told_at, reminders, next_reminder_at
  FROM incident WHERE subject = 'account' AND subject_id = ?1 || '' ORDER BY id DESC LIMIT 50;

-- REPORT_MAILS roles: web admin plan: scan a file for support, rarely made
-- A Project Admin (?2) sees the addresses of the account's own people and of the admins of the same projects.
WITH known (address) AS (
    SELECT a.mail FROM account AS a WHERE a.id = ?1
     UNION SELECT a.login FROM account AS a WHERE a.id = ?1
     UNION SELECT p.mail FROM person_account AS x JOIN person AS p ON p.id = x.person_id WHERE x.account_id = ?1
     UNION SELECT p.mail FROM project_admin AS own JOIN project_admin AS pa ON pa.connection_id = own.connection_id
             JOIN person AS p ON p.id = pa.person_id WHERE own.person_id = ?2)
SELECT s.kind, CASE WHEN s.own THEN s.to_address ELSE 'withheld' END AS to_address, s.state, s.tries, s.queued_at,
       s.sent_at, CASE WHEN s.own THEN s.answer ELSE 'withheld' END AS answer, s.message_id
  FROM (SELECT m.*, ?2 = 0 OR lower(m.to_address) IN (SELECT lower(k.address) FROM known AS k) AS own
          FROM mail AS m WHERE m.account_id = ?1) AS s
 ORDER BY s.id DESC LIMIT 50;

-- REPORT_OUTBOX roles: admin web plan: scan mails that wait or were refused are few
-- What did not go out: waiting after a try in vain, or refused for good.
SELECT id, kind, to_address, state, tries, queued_at, next_at, answer
  FROM mail WHERE state = 'refused' OR (state = 'queued' AND tries > 0) ORDER BY id DESC LIMIT 200;

-- REPORT_SERVICES roles: admin plan: scan seven rows
SELECT name, state, detail, since_at, last_ok_at FROM service ORDER BY name;

-- REPORT_WORK roles: admin
-- The most overdue free row, the newest lease, and how many wait.
SELECT (SELECT min(due_at) FROM job WHERE owner = '') AS oldest_due_at,
       (SELECT max(lease_until_at) FROM job WHERE owner <> '') AS newest_lease_at;

-- REPORT_FAILED_JOBS roles: admin plan: scan jobs that failed are looked for rarely
SELECT kind, ref, tries, error, due_at FROM job WHERE error <> '' ORDER BY tries DESC LIMIT 10;
