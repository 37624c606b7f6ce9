-- PERSON_GET roles: web auth sync admin
SELECT p.id, p.name, p.mail, p.global_admin,
       EXISTS (SELECT 1 FROM project_admin AS pa JOIN connection AS c ON c.id = pa.connection_id
                WHERE pa.person_id = p.id AND c.state <> 'disconnected'),
       EXISTS (SELECT 1 FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
                WHERE x.person_id = p.id AND b.removed_at IS NULL),
       p.wants_digest
  FROM person AS p WHERE p.user_name = ?1 AND p.removed_at IS NULL;

-- PERSON_AT roles: web auth admin
SELECT EXISTS (SELECT 1 FROM project_admin AS pa WHERE pa.connection_id = c.id AND pa.person_id = ?2),
       EXISTS (SELECT 1 FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
                WHERE x.person_id = ?2 AND b.connection_id = c.id AND b.removed_at IS NULL)
  FROM connection AS c WHERE c.id = ?1 AND c.state <> 'disconnected';

-- PERSON_PUT roles: web sync admin
INSERT INTO person (user_name, name, mail, global_admin, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (user_name) DO UPDATE
   SET name = CASE WHEN excluded.name = '' THEN name ELSE excluded.name END,
       mail = CASE WHEN excluded.mail = '' THEN mail ELSE excluded.mail END,
       global_admin = excluded.global_admin, removed_at = NULL;

-- PERSON_SET_DIGEST roles: web
UPDATE person SET wants_digest = ?2 WHERE id = ?1;

-- PERSON_ENSURE roles: auth sync admin
INSERT INTO person (user_name, name, mail, created_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (user_name) DO UPDATE
   SET name = CASE WHEN name = '' THEN excluded.name ELSE name END,
       mail = CASE WHEN mail = '' THEN excluded.mail ELSE mail END;

-- PERSON_ID roles: web auth sync admin
SELECT id FROM person WHERE user_name = ?1;

-- PERSON_ADMIN_ADD roles: web admin
INSERT INTO project_admin (connection_id, person_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING;

-- PERSON_ADMIN_REMOVE roles: web admin
DELETE FROM project_admin WHERE connection_id = ?1 AND person_id = ?2;

-- DENIAL_NOTE roles: web
INSERT INTO audit_denied (user_name, target, last_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (user_name, target) DO UPDATE SET last_at = excluded.last_at
 WHERE audit_denied.last_at <= ?3 - ?4;
