-- What Procore's rate headers last said (store/budget).

-- BUDGET_GET roles: sync auth
SELECT limit_n, remaining, reset_at, seen_at, blocked_until_at FROM budget WHERE account_id = ?1 AND company_id = ?2;

-- Answers may arrive out of order: within one window the smaller number is the truth.
-- BUDGET_PUT roles: sync auth
INSERT INTO budget (account_id, company_id, limit_n, remaining, reset_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (account_id, company_id) DO UPDATE SET
       remaining = CASE WHEN limit_n = ?3 AND abs(reset_at - ?5) <= 1 THEN min(remaining, ?4) ELSE ?4 END,
       limit_n = ?3, reset_at = ?5, seen_at = ?6,
       blocked_until_at = CASE WHEN blocked_until_at > ?6 THEN blocked_until_at END;

-- BUDGET_TAKE roles: sync auth
UPDATE budget SET remaining = remaining - 1 WHERE account_id = ?1 AND company_id = ?2 AND remaining > 0;

-- BUDGET_BLOCK roles: sync auth
INSERT INTO budget (account_id, company_id, limit_n, remaining, reset_at, seen_at, blocked_until_at)
VALUES (?1, ?2, 0, 0, ?3, ?4, ?3)
ON CONFLICT (account_id, company_id) DO UPDATE SET blocked_until_at = max(ifnull(blocked_until_at, 0), ?3), seen_at = ?4;
