-- Answers given in Project Center (store/response).

-- RESPONSE_ADD roles: sync
INSERT INTO response (item_id, npc_response_id, author_login, account_id, close_kind, action, body, at, ordinal, state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
        1 + (SELECT count(*) FROM response WHERE item_id = ?1 AND close_kind = 'respond_and_close'), 'waiting')
ON CONFLICT (item_id, npc_response_id) DO NOTHING;

-- RESPONSE_LIST roles: sync
SELECT id, item_id, npc_response_id, author_login, account_id, close_kind, action, body, at, ordinal, state,
       reason, procore_id, ifnull(sent_at, 0)
  FROM response WHERE item_id = ?1 ORDER BY id;

-- RESPONSE_SAVE roles: sync
UPDATE response SET author_login = ?2, account_id = ?3, state = ?4, reason = ?5, procore_id = ?6, sent_at = ?7 WHERE id = ?1;

-- A response that was only recorded may later close the item.
-- RESPONSE_CLOSES roles: sync
UPDATE response SET close_kind = ?2, state = 'waiting', reason = '' WHERE id = ?1;

-- RESPONSE_MAP_GET roles: sync
SELECT m.procore_response_id, m.procore_name,
       EXISTS (SELECT 1 FROM response_choice c WHERE c.connection_id = m.connection_id AND c.side = 'procore'
               AND c.key = CAST(m.procore_response_id AS TEXT)),
       EXISTS (SELECT 1 FROM response_choice c WHERE c.connection_id = m.connection_id AND c.side = 'procore')
  FROM response_map m WHERE m.connection_id = ?1 AND m.npc_action = ?2;

-- RESPONSE_MAP_ADD roles: sync
INSERT INTO response_map (connection_id, npc_action, procore_response_id, procore_name, considered, set_by, set_at)
VALUES (?1, ?2, ?3, ?4, ?5, 'default', ?6)
ON CONFLICT (connection_id, npc_action) DO NOTHING;

-- RESPONSE_MAP_N roles: sync
SELECT count(*) FROM response_map WHERE connection_id = ?1;

-- RESPONSE_CHOICE_PUT roles: sync
INSERT INTO response_choice (connection_id, side, key, name, meaning, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (connection_id, side, key) DO UPDATE SET name = ?4, meaning = ?5, seen_at = ?6;

-- RESPONSE_CHOICE_DROP_OLD roles: sync
DELETE FROM response_choice WHERE connection_id = ?1 AND side = ?2 AND seen_at < ?3;

-- RESPONSE_CHOICE_SEEN roles: sync
SELECT ifnull(max(seen_at), 0) FROM response_choice WHERE connection_id = ?1;
