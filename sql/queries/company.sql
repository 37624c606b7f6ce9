-- Procore companies: is our app connected there (store/company).

-- COMPANY_GET roles: sync auth
SELECT app_state, since_at, next_try_at, name FROM company WHERE procore_company_id = ?1;

-- COMPANY_PUT roles: sync auth
INSERT INTO company (procore_company_id, app_state, since_at, next_try_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (procore_company_id) DO UPDATE SET
       since_at = CASE WHEN app_state = ?2 THEN since_at ELSE ?3 END, app_state = ?2, next_try_at = ?4;
