-- What the sync engine reads and writes of other modules' tables (store/sync_rows).

-- SYNC_CONNECTION roles: sync
SELECT npc_project_id, procore_company_id, procore_project_id, state, ifnull(poll_minutes, 0), sync_from_at,
       idle_passes, ifnull(next_sync_at, 0), ifnull(sync_requested_at, 0) >= ifnull(last_sync_at, 0),
       sync_error <> ''
  FROM connection WHERE id = ?1;

-- SYNC_SEATS roles: sync
SELECT b.id, b.connection_id, b.account_id, ifnull(a.procore_user_id, 0), a.login, a.login_folded, b.npc_contact_id,
       a.state, b.state, ifnull(b.checked_at, 0), b.rfi_level, b.submittal_level
  FROM bic b JOIN account a ON a.id = b.account_id
 WHERE b.connection_id = ?1 AND b.removed_at IS NULL ORDER BY b.position, b.id;

-- SYNC_SEAT roles: sync
SELECT b.id, b.connection_id, b.account_id, ifnull(a.procore_user_id, 0), a.login, a.login_folded, b.npc_contact_id,
       a.state, b.state, ifnull(b.checked_at, 0), b.rfi_level, b.submittal_level
  FROM bic b JOIN account a ON a.id = b.account_id WHERE b.id = ?1 AND b.removed_at IS NULL;

-- SYNC_ACCOUNT_SEATS roles: sync
SELECT b.id, b.connection_id, b.account_id, ifnull(a.procore_user_id, 0), a.login, a.login_folded, b.npc_contact_id,
       a.state, b.state, ifnull(b.checked_at, 0), b.rfi_level, b.submittal_level
  FROM bic b JOIN account a ON a.id = b.account_id JOIN connection c ON c.id = b.connection_id
 WHERE b.account_id = ?1 AND b.removed_at IS NULL AND c.state = 'active' ORDER BY b.connection_id;

-- SYNC_SHARING roles: sync
SELECT count(*) FROM bic b JOIN connection c ON c.id = b.connection_id
 WHERE b.account_id = ?1 AND b.removed_at IS NULL AND c.state = 'active' AND c.procore_company_id = ?2;

-- SYNC_SEAT_PUT roles: sync
UPDATE bic SET state = ?2, state_text = ?3, rfi_level = ?4, submittal_level = ?5, npc_contact_id = ?6, checked_at = ?7
 WHERE id = ?1;

-- A missing permission is said before a missing contact.
-- SYNC_SEAT_CONTACT roles: sync
UPDATE bic SET npc_contact_id = ?2, checked_at = ?4,
       state = CASE WHEN state = 'permission_lost' THEN state WHEN ?2 = '' THEN 'no_contact'
               WHEN state = 'no_contact' THEN 'unchecked' ELSE state END,
       state_text = CASE WHEN state = 'permission_lost' THEN state_text WHEN ?2 = '' THEN ?3 ELSE '' END
 WHERE id = ?1;

-- SYNC_SEAT_DENIED roles: sync
UPDATE bic SET state = 'permission_lost', state_text = ?2 WHERE id = ?1;

-- SYNC_CONNECTION_DONE roles: sync
UPDATE connection SET last_sync_at = ?2, next_sync_at = ?3, sync_error = '', idle_passes = ?4 WHERE id = ?1;

-- SYNC_CONNECTION_FAILED roles: sync
UPDATE connection SET next_sync_at = ?2, sync_error = ?3 WHERE id = ?1;

-- SYNC_HOOK_EVENTS_DONE roles: sync
UPDATE hook_event SET handled_at = ?2 WHERE procore_project_id = ?1 AND handled_at IS NULL AND id <= ?3;

-- SYNC_HOOK_EVENTS_LAST roles: sync
SELECT max(id) FROM hook_event WHERE procore_project_id = ?1 AND handled_at IS NULL;

-- Answers that waited for their author's sign-in.
-- SYNC_WAKE_SIGNED_IN roles: sync
UPDATE item SET next_try_at = ?2, tries = 0
 WHERE connection_id = ?1 AND reason = 'sign_in' AND next_try_at IS NULL
   AND id IN (SELECT r.item_id FROM response r JOIN account a ON a.id = r.account_id
               WHERE r.state = 'waiting' AND a.state = 'ok');

-- Answers that waited for a mapping which has been set since.
-- SYNC_WAKE_MAPPED roles: sync
UPDATE item SET next_try_at = ?2, tries = 0
 WHERE connection_id = ?1 AND state IN ('parked', 'linked', 'answered') AND reason IN ('unmapped', 'map_stale')
   AND EXISTS (SELECT 1 FROM response r JOIN response_map m
                ON m.connection_id = item.connection_id AND m.npc_action = r.action
                WHERE r.item_id = item.id AND r.state IN ('waiting', 'parked') AND m.set_at >= item.changed_at);
