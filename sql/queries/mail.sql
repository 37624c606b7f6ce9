-- MAIL_DUE roles: sync
SELECT id, kind, coalesce(incident_id, 0), coalesce(account_id, 0), asked_by, to_address, to_name, message_id, tries,
       queued_at, doubts
  FROM mail WHERE state = 'queued' AND next_at <= ?1 ORDER BY next_at, id LIMIT 1;

-- MAIL_GET roles: admin
SELECT id, kind, coalesce(incident_id, 0), coalesce(account_id, 0), asked_by, to_address, to_name, message_id, tries,
       queued_at, doubts, subject, text_body, html_body
  FROM mail WHERE id = ?1;

-- MAIL_NEXT roles: sync
SELECT min(next_at) FROM mail WHERE state = 'queued';

-- MAIL_SENT roles: sync
UPDATE mail
   SET state = ?2, sent_at = CASE WHEN ?2 = 'sent' THEN ?3 END, tries = tries + 1, answer = ?4,
       subject = ?5, text_body = ?6, html_body = ?7
 WHERE id = ?1;

-- MAIL_LATER roles: sync
-- ?4: 1 when nobody can tell whether it was taken.
UPDATE mail SET tries = tries + 1, next_at = ?2, answer = ?3, doubts = doubts + ?4 WHERE id = ?1;

-- MAIL_HOLD roles: sync
-- The server is out of order: all wait for it.
UPDATE mail SET next_at = ?1 WHERE state = 'queued' AND next_at < ?1;

-- MAIL_ALL_DUE roles: sync
UPDATE mail SET next_at = ?1 WHERE state = 'queued' AND next_at > ?1;

-- MAIL_AGAIN roles: admin plan: scan a hand-made command
-- ?1: one mail, or 0 for all that were refused.
UPDATE mail SET state = 'queued', next_at = ?2, doubts = 0 WHERE state = 'refused' AND (?1 = 0 OR id = ?1);

-- MAIL_REFUSED_TO roles: sync admin plan: scan after a refusal, which is rare
-- The latest of an account's mails that was refused, for those who are told of it.
SELECT to_address, answer FROM mail WHERE account_id = ?1 AND state = 'refused' AND kind <> 'refused'
 ORDER BY id DESC LIMIT 1;

-- MAIL_OWN_ADDRESS roles: sync admin
-- Is this the address of somebody who signs in with the account?
SELECT EXISTS (SELECT 1 FROM person_account AS pa JOIN person AS p ON p.id = pa.person_id
                WHERE pa.account_id = ?1 AND p.removed_at IS NULL AND lower(p.mail) = lower(?2))
    OR EXISTS (SELECT 1 FROM account AS a WHERE a.id = ?1 AND lower(?2) IN (lower(a.mail), a.login_folded));

-- MAIL_DROP roles: sync
UPDATE mail SET state = 'dropped', answer = ?2 WHERE id = ?1;

-- MAIL_PROJECTS roles: sync admin
SELECT c.id, c.npc_number, c.npc_name,
       (SELECT count(*) FROM item AS i WHERE i.connection_id = c.id AND i.state = 'waiting')
     + (SELECT count(*) FROM item AS i JOIN response AS r ON r.item_id = i.id
         WHERE i.connection_id = c.id AND r.state = 'waiting')
  FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
 WHERE b.account_id = ?1 AND b.removed_at IS NULL AND c.state <> 'disconnected'
 ORDER BY c.npc_number, c.npc_name;

-- MAIL_DENIED roles: sync admin
-- Projects in which the account lacks a permission, and which.
SELECT c.id, c.npc_number, c.npc_name, b.state_text
  FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
 WHERE b.account_id = ?1 AND b.removed_at IS NULL AND b.state = 'permission_lost' AND c.state = 'active'
 ORDER BY c.npc_number, c.npc_name;

-- MAIL_PROJECTS_OF_COMPANY roles: sync admin
SELECT c.id, c.npc_number, c.npc_name,
       (SELECT count(*) FROM item AS i WHERE i.connection_id = c.id AND i.state = 'waiting')
     + (SELECT count(*) FROM item AS i JOIN response AS r ON r.item_id = i.id
         WHERE i.connection_id = c.id AND r.state = 'waiting')
  FROM connection AS c
 WHERE c.procore_company_id = ?1 AND c.state <> 'disconnected'
 ORDER BY c.npc_number, c.npc_name;

-- MAIL_INCIDENT roles: sync admin
SELECT i.subject, i.subject_id, i.detail, i.opened_at, coalesce(i.closed_at, 0), coalesce(c.name, '')
  FROM incident AS i
  LEFT JOIN company AS c ON i.subject = 'company' AND c.procore_company_id = CAST(i.subject_id AS INTEGER)
 WHERE i.id = ?1;

-- MAIL_ITEMS roles: sync admin
SELECT c.npc_number, i.kind, i.number, i.subject
  FROM bic AS b JOIN connection AS c ON c.id = b.connection_id JOIN item AS i ON i.connection_id = c.id
 WHERE b.account_id = ?1 AND b.removed_at IS NULL AND c.state <> 'disconnected'
   AND (i.state = 'waiting' OR EXISTS (SELECT 1 FROM response AS r WHERE r.item_id = i.id AND r.state = 'waiting'))
 ORDER BY i.changed_at DESC LIMIT ?2;

-- MAIL_ISSUES roles: sync admin plan: scan once a day and admin
SELECT c.npc_number, c.npc_name, i.message, i.remedy
  FROM issue AS i JOIN connection AS c ON c.id = i.connection_id
 WHERE i.state = 'open' AND c.state <> 'disconnected'
   AND EXISTS (SELECT 1 FROM person AS p
                WHERE p.mail = ?1 AND p.removed_at IS NULL
                  AND (p.global_admin = 1 OR EXISTS (SELECT 1 FROM project_admin AS pa
                                                      WHERE pa.person_id = p.id AND pa.connection_id = c.id)))
 ORDER BY c.npc_number, c.id, i.first_at LIMIT ?2;
