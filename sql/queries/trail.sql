-- AUDIT_ADD roles: web auth sync hook admin
INSERT INTO audit (at, actor, action, target, detail) VALUES (?1, ?2, ?3, ?4, ?5);

-- AUDIT_UNSEALED roles: sync admin
SELECT id, at, actor, action, target, detail, mac FROM audit WHERE mac IS NULL ORDER BY id LIMIT ?1;

-- AUDIT_MAC_BEFORE roles: sync admin
SELECT mac FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT 1;

-- AUDIT_SET_MAC roles: sync admin
UPDATE audit SET mac = ?2 WHERE id = ?1 AND mac IS NULL;

-- AUDIT_OLDEST_UNSEALED roles: web sync admin
SELECT min(at), count(*) FROM audit WHERE mac IS NULL;

-- AUDIT_WALK roles: sync admin
SELECT id, at, actor, action, target, detail, mac FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2;

-- META_GET roles: web auth sync hook admin
SELECT value FROM meta WHERE key = ?1;

-- META_SET roles: sync admin
INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value;
