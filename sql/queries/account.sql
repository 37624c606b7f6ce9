-- ACCOUNT_GET roles: web auth sync admin
SELECT id, public_id, login, login_folded, name, mail, procore_user_id, state, cause, cause_text, since_at,
       generation, access_expires_at, refresh_due_at, last_refresh_at, proved_at
  FROM account WHERE id = ?1;

-- ACCOUNT_BY_PUBLIC_ID roles: web auth sync admin
SELECT id, public_id, login, login_folded, name, mail, procore_user_id, state, cause, cause_text, since_at,
       generation, access_expires_at, refresh_due_at, last_refresh_at, proved_at
  FROM account WHERE public_id = ?1;

-- ACCOUNT_BY_LOGIN roles: web auth sync admin
SELECT id, public_id, login, login_folded, name, mail, procore_user_id, state, cause, cause_text, since_at,
       generation, access_expires_at, refresh_due_at, last_refresh_at, proved_at
  FROM account WHERE login_folded = ?1;

-- ACCOUNT_BY_PROCORE_ID roles: web auth sync admin
SELECT id, public_id, login, login_folded, name, mail, procore_user_id, state, cause, cause_text, since_at,
       generation, access_expires_at, refresh_due_at, last_refresh_at, proved_at
  FROM account WHERE procore_user_id = ?1;

-- ACCOUNT_ADD roles: web auth sync admin
INSERT INTO account (public_id, login, login_folded, mail, since_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5);

-- ACCOUNT_SET_STATE roles: auth sync admin
UPDATE account
   SET since_at = CASE WHEN state = ?3 THEN since_at ELSE ?7 END,
       state = ?3, cause = ?4, cause_text = ?5, refresh_due_at = nullif(?6, 0)
 WHERE id = ?1 AND generation = ?2;

-- ACCOUNT_STORED roles: auth sync
UPDATE account
   SET since_at = CASE WHEN state = 'ok' THEN since_at ELSE ?5 END,
       state = 'ok', cause = 'none', cause_text = '', generation = generation + 1,
       access_expires_at = ?3, refresh_due_at = ?4, last_refresh_at = ?5, proved_at = ?5
 WHERE id = ?1 AND generation = ?2;

-- ACCOUNT_DROPPED roles: auth sync admin
UPDATE account
   SET since_at = ?5, state = ?3, cause = ?4, cause_text = '', generation = generation + 1,
       access_expires_at = NULL, refresh_due_at = NULL
 WHERE id = ?1 AND generation = ?2;

-- ACCOUNT_IDENTIFY roles: auth sync
UPDATE account
   SET procore_user_id = ?2, name = CASE WHEN ?3 = '' THEN name ELSE ?3 END, login = ?4, login_folded = ?5
 WHERE id = ?1;

-- ACCOUNT_PROVED roles: auth sync
UPDATE account SET proved_at = ?2 WHERE id = ?1 AND (proved_at IS NULL OR proved_at <= ?2 - 60);

-- ACCOUNT_IN_USE roles: web auth sync admin
SELECT EXISTS (SELECT 1 FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
                WHERE b.account_id = ?1 AND b.removed_at IS NULL AND c.state = 'active');

-- ACCOUNT_JOIN roles: web auth sync admin
INSERT INTO person_account (person_id, account_id, source, at)
SELECT p.id, ?1, ?3, ?4 FROM person AS p WHERE p.user_name = ?2
    ON CONFLICT (person_id, account_id) DO UPDATE SET source = excluded.source, at = excluded.at
 WHERE excluded.source = 'proved' AND person_account.source <> 'proved';

-- ACCOUNT_IS_OF roles: web auth sync admin
SELECT EXISTS (SELECT 1 FROM person_account AS pa JOIN person AS p ON p.id = pa.person_id
                WHERE pa.account_id = ?1 AND p.user_name = ?2);
