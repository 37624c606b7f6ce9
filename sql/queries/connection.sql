-- Changes of connections and of their seats by people (store/connection, store/bic).

-- CONNECTION_STATE roles: web admin
UPDATE connection SET state = ?2, next_sync_at = CASE WHEN ?2 = 'active' THEN ?3 END, changed_at = ?3 WHERE id = ?1;

-- CONNECTION_SETTINGS roles: web admin
UPDATE connection SET poll_minutes = nullif(?2, 0), webhooks = ?3, changed_at = ?4 WHERE id = ?1;

-- CONNECTION_SYNC_ASKED roles: web
UPDATE connection SET sync_requested_at = ?2
 WHERE id = ?1 AND state = 'active' AND ifnull(sync_requested_at, 0) <= ?2 - ?3;

-- CONNECTION_MAP_SET roles: web
INSERT INTO response_map (connection_id, npc_action, procore_response_id, procore_name, considered, set_by, set_at)
SELECT ?1, ?2, ?3, c.name, c.meaning, ?4, ?5 FROM response_choice AS c
 WHERE c.connection_id = ?1 AND c.side = 'procore' AND c.key = ?3 || ''
    ON CONFLICT (connection_id, npc_action) DO UPDATE
   SET procore_response_id = excluded.procore_response_id, procore_name = excluded.procore_name,
       considered = excluded.considered, set_by = excluded.set_by, set_at = excluded.set_at
 WHERE response_map.procore_response_id <> excluded.procore_response_id;

-- CONNECTION_MAP_DROP roles: web
DELETE FROM response_map WHERE connection_id = ?1 AND npc_action = ?2;

-- BIC_ADD roles: web admin
INSERT INTO bic (connection_id, account_id, position, added_by, added_at)
SELECT ?1, ?2, 1 + ifnull((SELECT max(position) FROM bic WHERE connection_id = ?1 AND removed_at IS NULL), 0), ?3, ?4
    ON CONFLICT DO NOTHING;

-- BIC_FIND roles: web admin
SELECT id FROM bic WHERE connection_id = ?1 AND account_id = ?2 AND removed_at IS NULL;

-- BIC_REMOVE roles: web admin
UPDATE bic SET removed_at = ?3 WHERE id = ?1 AND connection_id = ?2 AND removed_at IS NULL;

-- BIC_PLACE roles: web admin
UPDATE bic SET position = ?2 WHERE id = ?1;

-- BIC_CHECK_ASK roles: web
INSERT INTO bic_check (connection_id, account_id, asked_by, asked_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (connection_id, account_id) DO UPDATE
   SET asked_by = ?3, asked_at = ?4, checked_at = NULL, member = 'unknown', contact = 'unknown', rfi_level = '',
       submittal_level = '', waits = '';

-- BIC_CHECK_FIND roles: web
SELECT k.id, k.connection_id, k.account_id, ifnull(k.checked_at, 0), k.member, k.contact, k.rfi_level,
       k.submittal_level, k.waits, a.login, a.login_folded, a.state IN ('ok', 'suspect')
  FROM bic_check AS k JOIN account AS a ON a.id = k.account_id
 WHERE k.connection_id = ?1 AND k.account_id = ?2;

-- BIC_CHECK_GET roles: sync
SELECT k.id, k.connection_id, k.account_id, ifnull(k.checked_at, 0), k.member, k.contact, k.rfi_level,
       k.submittal_level, k.waits, a.login, a.login_folded, a.state IN ('ok', 'suspect')
  FROM bic_check AS k JOIN account AS a ON a.id = k.account_id WHERE k.id = ?1;

-- BIC_CHECK_PUT roles: sync
UPDATE bic_check SET checked_at = nullif(?2, 0), member = ?3, contact = ?4, rfi_level = ?5, submittal_level = ?6,
       waits = ?7 WHERE id = ?1;
