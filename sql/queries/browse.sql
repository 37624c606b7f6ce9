-- Lists that Connect a project chooses from: lib/store/browse.c.

-- BROWSE_WANT roles: web
INSERT INTO browse_list (account_id, kind, parent_id, wanted_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (account_id, kind, parent_id) DO UPDATE SET wanted_at = excluded.wanted_at;

-- BROWSE_GET roles: web
SELECT wanted_at, read_at, error FROM browse_list WHERE account_id = ?1 AND kind = ?2 AND parent_id = ?3;

-- BROWSE_NEXT roles: sync
-- Asked for since it was read, the longest wait first.
SELECT kind, parent_id, wanted_at FROM browse_list
 WHERE account_id = ?1 AND (read_at = 0 OR read_at < wanted_at) ORDER BY wanted_at LIMIT 1;

-- BROWSE_PUT roles: sync
INSERT INTO browse_row (account_id, kind, parent_id, remote_id, number, name, extra, seen_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (account_id, kind, parent_id, remote_id) DO UPDATE
   SET number = excluded.number, name = excluded.name, extra = excluded.extra, seen_at = excluded.seen_at;

-- BROWSE_DROP_OLD roles: sync
DELETE FROM browse_row WHERE account_id = ?1 AND kind = ?2 AND parent_id = ?3 AND seen_at < ?4;

-- BROWSE_READ roles: sync
UPDATE browse_list SET read_at = ?4, error = ?5 WHERE account_id = ?1 AND kind = ?2 AND parent_id = ?3;

-- BROWSE_ROWS roles: web
-- With the connection that has the project already; ?4 part of number or name, '' all.
SELECT r.remote_id, r.number, r.name, r.extra,
       ifnull(CASE r.kind
              WHEN 'npc_project' THEN (SELECT c.id FROM connection AS c
                                        WHERE c.npc_project_id = r.remote_id AND c.state <> 'disconnected')
              WHEN 'project' THEN (SELECT c.id FROM connection AS c
                                    WHERE c.procore_project_id = CAST(r.remote_id AS INTEGER)
                                      AND c.state <> 'disconnected') END, 0)
  FROM browse_row AS r
 WHERE r.account_id = ?1 AND r.kind = ?2 AND r.parent_id = ?3
   AND (?4 = '' OR instr(lower(r.number || ' ' || r.name), lower(?4)) > 0)
 ORDER BY r.number, r.name, r.remote_id LIMIT ?5 OFFSET ?6;

-- BROWSE_COUNT roles: web
SELECT count(*) FROM browse_row AS r
 WHERE r.account_id = ?1 AND r.kind = ?2 AND r.parent_id = ?3
   AND (?4 = '' OR instr(lower(r.number || ' ' || r.name), lower(?4)) > 0);

-- BROWSE_ROW roles: web
SELECT remote_id, number, name, extra, 0 FROM browse_row
 WHERE account_id = ?1 AND kind = ?2 AND parent_id = ?3 AND remote_id = ?4;

-- BROWSE_ACCOUNTS roles: web plan: scan accounts, one page for a Global Admin
SELECT public_id, '', login, name, 0 FROM account
 WHERE state IN ('ok', 'suspect') AND (?1 = '' OR instr(lower(login || ' ' || name), lower(?1)) > 0)
 ORDER BY login_folded LIMIT ?2 OFFSET ?3;

-- BROWSE_ACCOUNTS_COUNT roles: web plan: scan accounts, for a Global Admin
SELECT count(*) FROM account
 WHERE state IN ('ok', 'suspect') AND (?1 = '' OR instr(lower(login || ' ' || name), lower(?1)) > 0);
