-- WORK_PLAN_ACCOUNTS roles: sync plan: scan accounts once in five minutes
INSERT INTO job (kind, ref, priority, due_at, created_at)
SELECT 'refresh', a.id, ?2, coalesce(a.refresh_due_at, ?1), ?1 FROM account AS a
 WHERE a.state IN ('ok', 'suspect')
    ON CONFLICT (kind, ref) DO NOTHING;

-- WORK_PLAN_CONNECTIONS roles: sync plan: scan connections once in five minutes
INSERT INTO job (kind, ref, priority, due_at, created_at)
SELECT 'sync', c.id, ?2, coalesce(c.next_sync_at, ?1), ?1 FROM connection AS c
 WHERE c.state = 'active'
    ON CONFLICT (kind, ref) DO NOTHING;

-- Each seat once a day; one that waits to be mended on either side once an hour.
-- WORK_PLAN_CHECKS roles: sync plan: scan seats once in five minutes
INSERT INTO job (kind, ref, priority, due_at, created_at)
SELECT 'check_bic', b.id, ?2, ?1, ?1
  FROM bic AS b JOIN account AS a ON a.id = b.account_id JOIN connection AS c ON c.id = b.connection_id
 WHERE b.removed_at IS NULL AND a.state = 'ok' AND c.state = 'active'
   AND (b.checked_at IS NULL
        OR b.checked_at <= ?1 - CASE WHEN b.state IN ('permission_lost', 'no_contact') THEN 3600 ELSE 86400 END)
    ON CONFLICT (kind, ref) DO NOTHING;
