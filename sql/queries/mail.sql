-- MAIL_DUE roles: sync
SELECT id, kind, coalesce(incident_id, 0), coalesce(account_id, 0), asked_by, to_address, to_name, message_id, tries,
       queued_at
  FROM mail WHERE state = 'queued' AND next_at <= ?1 ORDER BY next_at, id LIMIT 1;

-- MAIL_NEXT roles: sync
SELECT min(next_at) FROM mail WHERE state = 'queued';

-- MAIL_SENT roles: sync
UPDATE mail
   SET state = ?2, sent_at = CASE WHEN ?2 = 'sent' THEN ?3 END, tries = tries + 1, answer = ?4,
       subject = ?5, text_body = ?6, html_body = ?7
 WHERE id = ?1;

-- MAIL_LATER roles: sync
UPDATE mail SET tries = tries + 1, next_at = ?2, answer = ?3 WHERE id = ?1;

-- MAIL_DROP roles: sync
UPDATE mail SET state = 'dropped', answer = ?2 WHERE id = ?1;

-- MAIL_PROJECTS roles: sync
SELECT c.id, c.npc_number, c.npc_name,
       (SELECT count(*) FROM item AS i WHERE i.connection_id = c.id AND i.state = 'waiting')
     + (SELECT count(*) FROM item AS i JOIN response AS r ON r.item_id = i.id
         WHERE i.connection_id = c.id AND r.state = 'waiting')
  FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
 WHERE b.account_id = ?1 AND b.removed_at IS NULL AND c.state <> 'disconnected'
 ORDER BY c.npc_number, c.npc_name;

-- MAIL_PROJECTS_OF_COMPANY roles: sync
SELECT c.id, c.npc_number, c.npc_name,
       (SELECT count(*) FROM item AS i WHERE i.connection_id = c.id AND i.state = 'waiting')
     + (SELECT count(*) FROM item AS i JOIN response AS r ON r.item_id = i.id
         WHERE i.connection_id = c.id AND r.state = 'waiting')
  FROM connection AS c
 WHERE c.procore_company_id = ?1 AND c.state <> 'disconnected'
 ORDER BY c.npc_number, c.npc_name;

-- MAIL_INCIDENT roles: sync
SELECT i.subject, i.subject_id, i.detail, i.opened_at, coalesce(i.closed_at, 0), coalesce(c.name, '')
  FROM incident AS i
  LEFT JOIN company AS c ON i.subject = 'company' AND c.procore_company_id = CAST(i.subject_id AS INTEGER)
 WHERE i.id = ?1;

-- MAIL_ITEMS roles: sync
SELECT c.npc_number, i.kind, i.number, i.subject
  FROM bic AS b JOIN connection AS c ON c.id = b.connection_id JOIN item AS i ON i.connection_id = c.id
 WHERE b.account_id = ?1 AND b.removed_at IS NULL AND c.state <> 'disconnected'
   AND (i.state = 'waiting' OR EXISTS (SELECT 1 FROM response AS r WHERE r.item_id = i.id AND r.state = 'waiting'))
 ORDER BY i.changed_at DESC LIMIT ?2;

-- MAIL_ISSUES roles: sync plan: scan once a day and admin
SELECT c.npc_number, c.npc_name, i.message, i.remedy
  FROM issue AS i JOIN connection AS c ON c.id = i.connection_id
 WHERE i.state = 'open' AND c.state <> 'disconnected'
   AND EXISTS (SELECT 1 FROM person AS p
                WHERE p.mail = ?1 AND p.removed_at IS NULL
                  AND (p.global_admin = 1 OR EXISTS (SELECT 1 FROM project_admin AS pa
                                                      WHERE pa.person_id = p.id AND pa.connection_id = c.id)))
 ORDER BY c.npc_number, c.id, i.first_at;
