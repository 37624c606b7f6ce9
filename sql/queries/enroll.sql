-- What connectorctl lays down: projects, seats, people's leave. lib/store/enroll.c.

-- ENROLL_COMPANY roles: admin
INSERT INTO company (procore_company_id, name, since_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (procore_company_id) DO UPDATE SET name = excluded.name WHERE company.name <> excluded.name;

-- ENROLL_FIND_NPC roles: admin
SELECT id, npc_project_id, npc_number, npc_name, npc_server, procore_company_id, procore_project_id, procore_name
  FROM connection WHERE npc_project_id = ?1 AND state <> 'disconnected';

-- ENROLL_FIND_PROCORE roles: admin
SELECT id, npc_project_id, npc_number, npc_name, npc_server, procore_company_id, procore_project_id, procore_name
  FROM connection WHERE procore_project_id = ?1 AND state <> 'disconnected';

-- ENROLL_ADD roles: admin
INSERT INTO connection (npc_project_id, npc_number, npc_name, npc_server, procore_company_id, procore_project_id,
                        procore_name, sync_from_at, created_by, created_at, changed_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?10, ?9, ?8, ?8);

-- ENROLL_RENAME roles: admin
UPDATE connection
   SET npc_number = ?2, npc_name = ?3, npc_server = ?4, procore_name = ?5, changed_at = ?6
 WHERE id = ?1 AND (npc_number, npc_name, npc_server, procore_name) <> (?2, ?3, ?4, ?5);

-- ENROLL_SEAT roles: admin
-- Behind the seats that are there; one seat an account.
INSERT INTO bic (connection_id, account_id, position, added_at)
SELECT ?1, ?2, 1 + coalesce((SELECT max(position) FROM bic WHERE connection_id = ?1 AND removed_at IS NULL), 0), ?3
 WHERE NOT EXISTS (SELECT 1 FROM bic WHERE connection_id = ?1 AND account_id = ?2 AND removed_at IS NULL);

-- ENROLL_PERSON_REMOVE roles: web admin
UPDATE person SET removed_at = ?2, global_admin = 0 WHERE user_name = ?1 AND removed_at IS NULL;

-- ENROLL_PERSON_UNASSIGN roles: web admin
DELETE FROM project_admin WHERE person_id = (SELECT id FROM person WHERE user_name = ?1);

-- ENROLL_GLOBAL_ADMINS roles: web admin plan: scan people are few
SELECT count(*) FROM person WHERE global_admin = 1 AND removed_at IS NULL;
