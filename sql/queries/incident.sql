-- INCIDENT_OPEN roles: auth sync
INSERT INTO incident (subject, subject_id, cause, detail, opened_at, told_at, next_reminder_at)
VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), nullif(?7, 0))
    ON CONFLICT DO NOTHING;

-- INCIDENT_GET_OPEN roles: web auth sync
SELECT id, cause, detail, opened_at, told_at, reminders, next_reminder_at
  FROM incident WHERE subject = ?1 AND subject_id = ?2 AND closed_at IS NULL;

-- INCIDENT_CLOSE roles: auth sync
UPDATE incident SET closed_at = ?2, next_reminder_at = NULL WHERE id = ?1 AND closed_at IS NULL;

-- INCIDENT_DUE roles: sync
SELECT id, subject, subject_id, cause, opened_at, coalesce(told_at, 0), reminders
  FROM incident WHERE closed_at IS NULL AND next_reminder_at IS NOT NULL AND next_reminder_at <= ?1
 ORDER BY next_reminder_at LIMIT 100;

-- INCIDENT_NEXT roles: sync
SELECT min(next_reminder_at) FROM incident WHERE closed_at IS NULL AND next_reminder_at IS NOT NULL;

-- INCIDENT_TOLD roles: sync
UPDATE incident SET told_at = coalesce(told_at, ?2), reminders = ?3, next_reminder_at = nullif(?4, 0) WHERE id = ?1;

-- INCIDENT_ACCOUNTS_UNTOLD roles: sync plan: scan accounts without a sign-in, once a minute
SELECT a.id, a.state = 'lost' FROM account AS a
 WHERE a.state IN ('needed', 'lost')
   AND EXISTS (SELECT 1 FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
                WHERE b.account_id = a.id AND b.removed_at IS NULL AND c.state = 'active')
   AND NOT EXISTS (SELECT 1 FROM incident AS i
                    WHERE i.subject = 'account' AND i.subject_id = a.id || '' AND i.closed_at IS NULL)
 LIMIT 100;

-- INCIDENT_ACCOUNTS_UNUSED roles: sync
-- Of accounts that no running project needs any more.
SELECT i.id FROM incident AS i
 WHERE i.subject = 'account' AND i.closed_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
                    WHERE b.account_id = CAST(i.subject_id AS INTEGER) AND b.removed_at IS NULL AND c.state = 'active')
 LIMIT 1;

-- INCIDENT_DENIED_UNTOLD roles: sync plan: scan seats without permission are few, once a minute
-- Signed in, but Procore does not let it do what a seat needs. A lost sign-in is told of instead.
SELECT b.account_id FROM bic AS b JOIN connection AS c ON c.id = b.connection_id JOIN account AS a ON a.id = b.account_id
 WHERE b.state = 'permission_lost' AND b.removed_at IS NULL AND c.state = 'active' AND a.state IN ('ok', 'suspect')
   AND NOT EXISTS (SELECT 1 FROM incident AS i
                    WHERE i.subject = 'permission' AND i.subject_id = b.account_id || '' AND i.closed_at IS NULL)
 LIMIT 1;

-- INCIDENT_DENIED_OVER roles: sync
SELECT i.subject_id FROM incident AS i
 WHERE i.subject = 'permission' AND i.closed_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
                    WHERE b.account_id = CAST(i.subject_id AS INTEGER) AND b.removed_at IS NULL
                      AND b.state = 'permission_lost' AND c.state = 'active')
 LIMIT 1;

-- INCIDENT_ADMINS_OF_DENIED roles: sync
SELECT DISTINCT p.mail, p.name
  FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
  JOIN project_admin AS pa ON pa.connection_id = c.id JOIN person AS p ON p.id = pa.person_id
 WHERE b.account_id = ?1 AND b.removed_at IS NULL AND b.state = 'permission_lost' AND c.state = 'active'
   AND p.removed_at IS NULL AND p.mail <> '';

-- INCIDENT_PEOPLE_OF_ACCOUNT roles: web auth sync
SELECT p.mail, p.name FROM person_account AS pa JOIN person AS p ON p.id = pa.person_id
 WHERE pa.account_id = ?1 AND p.removed_at IS NULL AND p.mail <> ''
 ORDER BY p.id;

-- INCIDENT_ADMINS_OF_ACCOUNT roles: sync
SELECT DISTINCT p.mail, p.name
  FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
  JOIN project_admin AS pa ON pa.connection_id = c.id JOIN person AS p ON p.id = pa.person_id
 WHERE b.account_id = ?1 AND b.removed_at IS NULL AND c.state = 'active' AND p.removed_at IS NULL AND p.mail <> '';

-- INCIDENT_GLOBAL_ADMINS roles: auth sync plan: scan people are few
SELECT mail, name FROM person WHERE global_admin = 1 AND removed_at IS NULL AND mail <> '';

-- INCIDENT_MAILED_TO roles: auth sync
SELECT DISTINCT to_address, to_name FROM mail WHERE incident_id = ?1 AND state IN ('queued', 'sent');

-- INCIDENT_DROP_QUEUED roles: auth sync
UPDATE mail SET state = 'dropped' WHERE incident_id = ?1 AND state = 'queued';

-- MAIL_QUEUE roles: web auth sync
INSERT INTO mail (kind, incident_id, account_id, asked_by, dedupe, to_address, to_name, message_id, next_at, queued_at)
VALUES (?1, nullif(?2, 0), nullif(?3, 0), ?4, ?5, ?6, ?7, ?8, ?9, ?9)
    ON CONFLICT (dedupe) DO NOTHING;

-- SERVICE_SET roles: sync
INSERT INTO service (name, state, detail, since_at, last_ok_at)
VALUES (?1, ?2, ?3, ?4, CASE WHEN ?2 = 'ok' THEN ?4 END)
    ON CONFLICT (name) DO UPDATE
   SET since_at = CASE WHEN state = excluded.state THEN since_at ELSE excluded.since_at END,
       state = excluded.state, detail = excluded.detail,
       last_ok_at = coalesce(excluded.last_ok_at, last_ok_at)
 WHERE service.state <> excluded.state OR service.detail <> excluded.detail
    OR coalesce(service.last_ok_at, 0) <= ?4 - 60;

-- SERVICE_DOWN roles: web auth sync
SELECT EXISTS (SELECT 1 FROM service WHERE name = ?1 AND state = 'down');

-- SERVICE_UNSEEN roles: sync
SELECT NOT EXISTS (SELECT 1 FROM service WHERE name = ?1 AND state = 'ok' AND last_ok_at > ?2);

-- SERVICE_ALL roles: web auth sync admin plan: scan seven rows
SELECT name, state, detail, since_at, coalesce(last_ok_at, 0) FROM service ORDER BY name;

-- INCIDENT_DIGEST_PEOPLE roles: sync plan: scan once a day, people are few
SELECT p.mail, p.name FROM person AS p
 WHERE p.removed_at IS NULL AND p.mail <> '' AND p.wants_digest = 1
   AND EXISTS (SELECT 1 FROM issue AS i JOIN connection AS c ON c.id = i.connection_id
                WHERE i.state = 'open' AND c.state <> 'disconnected'
                  AND (p.global_admin = 1 OR EXISTS (SELECT 1 FROM project_admin AS pa
                                                      WHERE pa.person_id = p.id AND pa.connection_id = c.id)));
