-- A connection while it is set up or about to come back: lib/store/draft.c.

-- DRAFT_FIND roles: web
-- The latest row of this very pair, with its links.
SELECT id FROM connection
 WHERE procore_company_id = ?1 AND procore_project_id = ?2 AND npc_project_id = ?3 AND state = 'disconnected'
 ORDER BY id DESC LIMIT 1;

-- DRAFT_TAKEN roles: web
-- Who has one of the two projects already.
SELECT id FROM connection WHERE npc_project_id = ?1 AND state <> 'disconnected'
 UNION ALL
SELECT id FROM connection WHERE procore_project_id = ?2 AND state <> 'disconnected' LIMIT 1;

-- DRAFT_ADD roles: web
INSERT INTO connection (npc_project_id, npc_number, npc_name, npc_server, procore_company_id, procore_project_id,
                        procore_number, procore_name, state, sync_from_at, created_at, changed_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'disconnected', 0, ?9, ?9);

-- DRAFT_RENAME roles: web
UPDATE connection
   SET npc_number = ?2, npc_name = ?3, npc_server = ?4, procore_number = ?5, procore_name = ?6,
       changed_at = CASE WHEN created_by = '' THEN ?7 ELSE changed_at END
 WHERE id = ?1 AND state = 'disconnected';

-- DRAFT_GET roles: web
SELECT c.npc_project_id, c.npc_number, c.npc_name, c.npc_server, c.procore_company_id, c.procore_project_id,
       c.procore_number, c.procore_name, co.name, c.created_by <> '',
       EXISTS (SELECT 1 FROM job AS j WHERE j.kind = 'choices' AND j.ref = c.id AND j.tries = 0), c.webhooks
  FROM connection AS c JOIN company AS co ON co.procore_company_id = c.procore_company_id
 WHERE c.id = ?1 AND c.state = 'disconnected';

-- DRAFT_SAVED roles: web
SELECT EXISTS (SELECT 1 FROM connection WHERE id = ?1 AND created_by = ?2 AND state <> 'disconnected');

-- DRAFT_OPEN roles: web
-- A new connection takes over what is created from now on; one that comes back goes on where it ended.
UPDATE connection
   SET state = 'active', next_sync_at = ?3, changed_at = ?3, sync_error = '', webhooks = ?4,
       sync_from_at = CASE WHEN created_by = '' THEN ?3 ELSE sync_from_at END,
       created_at = CASE WHEN created_by = '' THEN ?3 ELSE created_at END,
       created_by = CASE WHEN created_by = '' THEN ?2 ELSE created_by END
 WHERE id = ?1 AND state = 'disconnected';

-- DRAFT_COMPANY roles: web
INSERT INTO company (procore_company_id, name, since_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (procore_company_id) DO UPDATE SET name = excluded.name WHERE company.name <> excluded.name;

-- DRAFT_OTHER_SEATS roles: web
-- While it is set up for the first time only the account that was chosen last has a seat.
UPDATE bic SET removed_at = ?3
 WHERE connection_id = ?1 AND account_id <> ?2 AND removed_at IS NULL
   AND EXISTS (SELECT 1 FROM connection AS c
                WHERE c.id = bic.connection_id AND c.state = 'disconnected' AND c.created_by = '');
