-- Webhooks as they arrive (store/hook_event).

-- HOOK_EVENT_ADD roles: hook
INSERT INTO hook_event (dedupe, received_at, procore_company_id, procore_project_id, resource, resource_id, event,
                        user_id, application_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (dedupe) DO NOTHING;

-- HOOK_CONNECTION roles: hook
SELECT id FROM connection WHERE procore_project_id = ?1 AND state <> 'disconnected' AND state = 'active';

-- HOOK_SEEN roles: hook
UPDATE webhook SET last_event_at = ?2 WHERE connection_id = ?1;
