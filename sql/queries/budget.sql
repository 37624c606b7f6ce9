-- What Procore's rate headers last said (store/budget_row).

-- BUDGET_GET roles: sync auth
SELECT limit_n, remaining, reset_at, spike_limit_n, spike_remaining, spike_reset_at, seen_at,
       ifnull(blocked_until_at, 0) FROM budget WHERE account_id = ?1 AND company_id = ?2;

-- Answers may arrive out of order: within one window the smaller number is the truth.
-- BUDGET_PUT roles: sync auth
INSERT INTO budget (account_id, company_id, limit_n, remaining, reset_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (account_id, company_id) DO UPDATE SET
       remaining = CASE WHEN limit_n = ?3 AND abs(reset_at - ?5) <= 1 THEN min(remaining, ?4) ELSE ?4 END,
       limit_n = ?3, reset_at = ?5, seen_at = ?6,
       blocked_until_at = CASE WHEN blocked_until_at > ?6 THEN blocked_until_at END;

-- The same for the short window.
-- BUDGET_PUT_SPIKE roles: sync auth
INSERT INTO budget (account_id, company_id, limit_n, remaining, reset_at, spike_limit_n, spike_remaining,
       spike_reset_at, seen_at) VALUES (?1, ?2, 0, 0, 0, ?3, ?4, ?5, ?6)
ON CONFLICT (account_id, company_id) DO UPDATE SET
       spike_remaining = CASE WHEN spike_limit_n = ?3 AND abs(spike_reset_at - ?5) <= 1
                              THEN min(spike_remaining, ?4) ELSE ?4 END,
       spike_limit_n = ?3, spike_reset_at = ?5, seen_at = ?6,
       blocked_until_at = CASE WHEN blocked_until_at > ?6 THEN blocked_until_at END;

-- A call counts in both windows.
-- BUDGET_TAKE roles: sync auth
UPDATE budget SET remaining = max(remaining - 1, 0), spike_remaining = max(spike_remaining - 1, 0)
 WHERE account_id = ?1 AND company_id = ?2;

-- BUDGET_BLOCK roles: sync auth
INSERT INTO budget (account_id, company_id, limit_n, remaining, reset_at, seen_at, blocked_until_at)
VALUES (?1, ?2, 0, 0, ?3, ?4, ?3)
ON CONFLICT (account_id, company_id) DO UPDATE SET blocked_until_at = max(ifnull(blocked_until_at, 0), ?3), seen_at = ?4;
