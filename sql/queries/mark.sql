-- Marks and passes (store/mark, store/pass).

-- MARK_GET roles: sync
SELECT until_at, pass_at FROM mark WHERE connection_id = ?1 AND side = ?2 AND kind = ?3 AND account_id = ?4;

-- MARK_SET roles: sync
INSERT INTO mark (connection_id, side, kind, account_id, until_at, pass_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (connection_id, side, kind, account_id) DO UPDATE SET until_at = max(until_at, ?5), pass_at = ?6;

-- PASS_ADD roles: sync
INSERT INTO pass (connection_id, account_id, started_at, finished_at, found, done, skipped, failed, calls, detail)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);

-- PASS_HOUR_ADD roles: sync
INSERT INTO pass_hour (connection_id, hour_at, passes, calls) VALUES (?1, ?2, 1, ?3)
ON CONFLICT (connection_id, hour_at) DO UPDATE SET passes = passes + 1, calls = calls + ?3;
