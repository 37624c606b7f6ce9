-- Webhooks that arrive, and the hooks that we keep at Procore (store/hook_event, store/webhook).

-- HOOK_PROJECT roles: hook
-- The first condition is that of the index.
SELECT id FROM connection
 WHERE procore_project_id = ?1 AND state <> 'disconnected' AND state = 'active' AND procore_company_id = ?2;

-- HOOK_EVENT_ADD roles: hook
INSERT INTO hook_event (dedupe, received_at, procore_company_id, procore_project_id, resource, resource_id, event,
                        user_id, application_id, handled_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (dedupe) DO NOTHING;

-- HOOK_SEEN roles: hook
UPDATE webhook SET last_event_at = ?2 WHERE connection_id = ?1;

-- WEBHOOK_WANTED roles: sync
SELECT procore_company_id, procore_project_id, state, webhooks, changed_at FROM connection WHERE id = ?1;

-- WEBHOOK_GET roles: sync web
SELECT hook_id, api_version, triggers, state, checked_at, ifnull(last_event_at, 0), error
  FROM webhook WHERE connection_id = ?1;

-- WEBHOOK_PUT roles: sync
-- A hook that had to be made or mended (?8) has yet to prove itself.
INSERT INTO webhook (connection_id, hook_id, api_version, triggers, state, checked_at, error)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (connection_id) DO UPDATE
   SET hook_id = ?2, api_version = ?3, triggers = ?4, state = ?5, checked_at = ?6, error = ?7,
       last_event_at = CASE WHEN ?8 THEN NULL ELSE last_event_at END;

-- WEBHOOK_DROP roles: sync
DELETE FROM webhook WHERE connection_id = ?1;

-- WEBHOOK_DOUBT roles: sync
UPDATE webhook SET last_event_at = NULL WHERE connection_id = ?1;

-- WEBHOOK_PLAN roles: sync plan: scan connections once in five minutes
-- ?3: this installation has webhooks at all.
INSERT INTO job (kind, ref, priority, due_at, created_at)
SELECT 'webhook', c.id, ?2, ?1, ?1 FROM connection AS c LEFT JOIN webhook AS w ON w.connection_id = c.id
 WHERE w.connection_id IS NOT NULL OR (?3 AND c.webhooks = 1 AND c.state = 'active')
    ON CONFLICT (kind, ref) DO NOTHING;
