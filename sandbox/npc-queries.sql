-- Statements of the Project Center stand-in (roles mean nothing here: it has no grants).

-- Views made anew in each connection: the functions of JSON are not trusted in views of the database file.
-- VIEW_CONTACT roles: all
CREATE TEMP VIEW IF NOT EXISTS contact_view AS
SELECT c.id, c.project_id, c.user, c.name, c.email, c.is_firm, c.removed,
	json_object('id', c.id, 'name', c.name, 'email', c.email,
		'otherEmails', json((SELECT json_group_array(e.email) FROM contact_email e WHERE e.contact_id = c.id)),
		'company', c.company, 'isFirm', json(iif(c.is_firm, 'true', 'false'))) AS json
FROM contact c;
-- VIEW_ITEM roles: all
CREATE TEMP VIEW IF NOT EXISTS item_view AS
SELECT i.id, i.project_id, i.kind, i.number, i.external_id, i.updated_ms,
	json_object('id', i.id, 'kind', i.kind, 'number', i.number, 'externalId', i.external_id,
		'senderId', i.sender_id, 'subject', i.subject, 'body', i.body, 'remarks', i.remarks,
		'status', i.status, 'closedBy', i.closed_by, 'from', json(i.from_json),
		'to', json((SELECT json_group_array(json(t.json)) FROM (SELECT v.json FROM item_to k
			JOIN contact_view v ON v.id = k.contact_id WHERE k.item_id = i.id ORDER BY k.position) t)),
		'dueDate', i.due_date, 'receivedDate', i.received_date, 'specSection', json(i.spec_json),
		'itemType', i.item_type, 'source', json(i.source_json), 'previousId', i.previous_id,
		'nextId', (SELECT n.id FROM item n WHERE n.previous_id = i.id ORDER BY n.created_ms LIMIT 1),
		'responseCount', (SELECT count(*) FROM response r WHERE r.item_id = i.id),
		'fileCount', (SELECT count(*) FROM item_file f WHERE f.item_id = i.id AND f.response_id IS NULL),
		'createdAt', strftime('%Y-%m-%dT%H:%M:%S', i.created_ms / 1000, 'unixepoch')
			|| printf('.%03dZ', i.created_ms % 1000),
		'updatedAt', strftime('%Y-%m-%dT%H:%M:%S', i.updated_ms / 1000, 'unixepoch')
			|| printf('.%03dZ', i.updated_ms % 1000),
		'closedAt', strftime('%Y-%m-%dT%H:%M:%S', i.closed_ms / 1000, 'unixepoch')
			|| printf('.%03dZ', i.closed_ms % 1000),
		'version', i.version) AS json
FROM item i;
-- VIEW_RESPONSE roles: all
CREATE TEMP VIEW IF NOT EXISTS response_view AS
SELECT r.id, r.item_id, r.sequence,
	json_object('id', r.id, 'sequence', r.sequence, 'action', r.action, 'actionId', 'kw-' || r.action_id,
		'text', r.text, 'responder', json(r.responder_json),
		'respondedAt', strftime('%Y-%m-%dT%H:%M:%S', r.responded_ms / 1000, 'unixepoch')
			|| printf('.%03dZ', r.responded_ms % 1000),
		'closes', json(iif(r.closes, 'true', 'false'))) AS json
FROM response r;
-- VIEW_FILE roles: all
CREATE TEMP VIEW IF NOT EXISTS file_view AS
SELECT f.id, f.project_id, f.state, k.item_id, k.response_id, k.added_ms,
	json_object('id', f.id, 'name', f.name, 'contentType', f.content_type, 'size', f.size, 'sha256', f.sha256,
		'addedAt', strftime('%Y-%m-%dT%H:%M:%S', coalesce(k.added_ms, f.created_ms) / 1000, 'unixepoch')
			|| printf('.%03dZ', coalesce(k.added_ms, f.created_ms) % 1000)) AS json
FROM file f LEFT JOIN item_file k ON k.file_id = f.id;

-- SETTING_GET roles: all
SELECT value FROM setting WHERE name = ?1;
-- SETTING_PUT roles: all
INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- ACCESS_KEY_PUT roles: all
INSERT INTO access_key (access_key, secret) VALUES (?1, ?2);
-- ACCESS_KEY_SECRET roles: all
SELECT secret FROM access_key WHERE access_key = ?1;
-- SESSION_PUT roles: all
INSERT INTO session (key_id, secret, token, expires_ms) VALUES (?1, ?2, ?3, ?4);
-- SESSION_GET roles: all
SELECT secret, token, expires_ms FROM session WHERE key_id = ?1;
-- SESSION_EXPIRE_ALL roles: all
UPDATE session SET expires_ms = ?1 WHERE expires_ms > ?1;
-- SESSION_COUNT roles: all
-- plan: scan one row a login of a rehearsal
SELECT count(*) FROM session WHERE expires_ms > ?1;

-- PROJECT_PUT roles: all
INSERT INTO project (id, key, name, number, server) VALUES (?1, ?2, ?3, ?4, ?5);
-- PROJECT_LIST roles: all
-- plan: scan a few dozen projects, all of them wanted
SELECT json_object('id', id, 'name', name, 'number', number, 'npcServer', server) FROM project ORDER BY number;
-- PROJECT_JSON roles: all
SELECT json_object('id', id, 'name', name, 'number', number, 'npcServer', server) FROM project WHERE id = ?1;
-- PROJECT_BY_KEY roles: all
-- plan: scan a few dozen projects
SELECT id FROM project WHERE id = ?1 OR key = ?1 OR number = ?1;
-- PROJECT_PAGE roles: all
-- plan: scan a few dozen projects, all of them wanted
SELECT json_object('id', p.id, 'name', p.name, 'number', p.number, 'server', p.server,
	'open', (SELECT count(*) FROM item i WHERE i.project_id = p.id AND i.status = 'Open'),
	'closed', (SELECT count(*) FROM item i WHERE i.project_id = p.id AND i.status = 'Closed'),
	'contacts', (SELECT count(*) FROM contact c WHERE c.project_id = p.id AND c.removed = 0))
FROM project p ORDER BY p.server, p.number;

-- CONTACT_PUT roles: all
INSERT INTO contact (id, project_id, user, name, email, company, is_firm) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
-- CONTACT_EMAIL_PUT roles: all
INSERT OR IGNORE INTO contact_email (contact_id, email) VALUES (?1, ?2);
-- CONTACT_LIST roles: all
SELECT v.json, v.name, v.id FROM contact_view v
WHERE v.project_id = ?1 AND v.removed = 0
	AND (?2 IS NULL OR lower(v.email) = lower(?2) OR EXISTS (SELECT 1 FROM contact_email e
		WHERE e.contact_id = v.id AND lower(e.email) = lower(?2)))
	AND (?3 IS NULL OR v.id > ?3)
ORDER BY v.id LIMIT ?4;
-- CONTACT_PAGE roles: all
SELECT json FROM contact_view WHERE project_id = ?1 AND removed = 0 ORDER BY is_firm DESC, name, id;
-- CONTACT_ANSWERS roles: all
SELECT v.json FROM contact_view v LEFT JOIN item_to t ON t.item_id = ?2 AND t.contact_id = v.id
WHERE v.project_id = ?1 AND v.removed = 0 AND v.is_firm = 1 ORDER BY t.position IS NULL, t.position, v.name, v.id;
-- CONTACT_JSON roles: all
SELECT json FROM contact_view WHERE id = ?1 AND project_id = ?2 AND removed = 0;
-- CONTACT_FIND roles: all
SELECT v.id FROM contact_view v WHERE v.project_id = ?1 AND v.removed = ?3 AND (v.id = ?2 OR v.user = ?2
	OR lower(v.email) = lower(?2) OR EXISTS (SELECT 1 FROM contact_email e
		WHERE e.contact_id = v.id AND lower(e.email) = lower(?2)))
ORDER BY v.id LIMIT 1;
-- CONTACT_REMOVED roles: all
UPDATE contact SET removed = ?2 WHERE id = ?1;

-- KEYWORD_PUT roles: all
INSERT INTO keyword (list, name, description, type, project_id) VALUES (?1, ?2, ?3, ?4, ?5);
-- KEYWORD_DROP roles: all
-- plan: scan some thirty words
DELETE FROM keyword WHERE list = ?1 AND name = ?2 AND project_id IS ?3;
-- KEYWORD_LISTS roles: all
-- plan: scan all lists are wanted, some thirty words
SELECT json_object('name', list, 'keywords', json((SELECT json_group_array(json_object('id', 'kw-' || w.id,
	'name', w.name, 'description', w.description, 'type', w.type)) FROM keyword w WHERE w.list = k.list
		AND ifnull(w.project_id, ?1) = ?1)))
FROM keyword k WHERE ifnull(project_id, ?1) = ?1 GROUP BY list ORDER BY min(id);
-- KEYWORD_ACTION roles: all
-- plan: scan some thirty words
SELECT id, name FROM keyword WHERE list = ?1 AND type = 'Respond and Close' AND (name = ?2 OR 'kw-' || id = ?2)
	AND ifnull(project_id, ?3) = ?3;
-- KEYWORD_ACTIONS roles: all
-- plan: scan some thirty words
SELECT json_object('id', 'kw-' || id, 'name', name) FROM keyword WHERE list = ?1 AND type = 'Respond and Close'
	AND ifnull(project_id, ?2) = ?2 ORDER BY id;
-- KEYWORD_RENAME roles: all
-- plan: scan some thirty words
UPDATE keyword SET name = ?3 WHERE list = ?1 AND name = ?2;

-- ITEM_PUT roles: all
INSERT INTO item (id, project_id, kind, number, external_id, sender_id, subject, body, from_json, due_date,
	received_date, spec_json, item_type, source_json, previous_id, created_ms, updated_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?16);
-- ITEM_NEXT_NUMBER roles: all
SELECT coalesce(max(CAST(substr(number, instr(number, '-') + 1) AS INTEGER)), 0) + 1 FROM item
WHERE project_id = ?1 AND kind = ?2;
-- ITEM_TO_PUT roles: all
INSERT INTO item_to (item_id, position, contact_id) VALUES (?1, ?2, ?3);
-- ITEM_TO_CLEAR roles: all
DELETE FROM item_to WHERE item_id = ?1;
-- ITEM_JSON roles: all
SELECT json FROM item_view WHERE id = ?1 AND project_id = ?2 AND kind = ?3;
-- ITEM_FIND roles: all
-- plan: scan a rehearsal has a few hundred items
SELECT i.id, i.project_id, i.kind FROM item i WHERE i.id = ?2 OR ((?1 IS NULL OR i.project_id = ?1)
	AND (i.number = ?2 OR i.external_id = ?2)) LIMIT 2;
-- ITEM_LIST roles: all
SELECT json, updated_ms, id FROM item_view WHERE project_id = ?1 AND (?2 IS NULL OR kind = ?2)
	AND (?3 IS NULL OR external_id = ?3) AND (?4 IS NULL OR number = ?4) AND updated_ms >= ?5
	AND (?6 IS NULL OR updated_ms > ?7 OR (updated_ms = ?7 AND id > ?6))
ORDER BY updated_ms, id LIMIT ?8;
-- ITEM_BY_EXTERNAL roles: all
SELECT id FROM item WHERE project_id = ?1 AND external_id = ?2;
-- ITEM_UPDATE roles: all
UPDATE item SET sender_id = ?2, subject = ?3, body = ?4, from_json = ?5, due_date = ?6, received_date = ?7,
	spec_json = ?8, item_type = ?9, source_json = ?10 WHERE id = ?1;
-- ITEM_TOUCH roles: all
UPDATE item SET updated_ms = max(updated_ms + 1, ?2), version = version + 1 WHERE id = ?1;
-- ITEM_CLOSE roles: all
UPDATE item SET status = 'Closed', closed_by = ?2, closed_ms = ?3 WHERE id = ?1;
-- ITEM_REOPEN roles: all
UPDATE item SET status = 'Open', closed_by = NULL, closed_ms = NULL WHERE id = ?1;
-- ITEM_EDIT roles: all
UPDATE item SET subject = coalesce(?2, subject), body = coalesce(?3, body), due_date = coalesce(?4, due_date) WHERE id = ?1;
-- ITEM_REMARKS roles: all
UPDATE item SET remarks = ?2 WHERE id = ?1;
-- ITEM_PAGE roles: all
SELECT json FROM item_view WHERE project_id = ?1 ORDER BY updated_ms DESC LIMIT 200;

-- RESPONSE_PUT roles: all
INSERT INTO response (id, item_id, sequence, action, action_id, text, contact_id, responder_json, responded_ms, closes)
VALUES (?1, ?2, (SELECT ifnull(max(sequence), 0) + 1 FROM response WHERE item_id = ?2), ?3, ?4, ?5, ?6,
	(SELECT json FROM contact_view WHERE id = ?6), ?7, ?8);
-- RESPONSE_DROP_FILES roles: all
DELETE FROM item_file WHERE response_id = (SELECT id FROM response WHERE item_id = ?1 ORDER BY sequence DESC LIMIT 1);
-- RESPONSE_DROP roles: all
DELETE FROM response WHERE id = (SELECT id FROM response WHERE item_id = ?1 ORDER BY sequence DESC LIMIT 1);
-- RESPONSE_LIST roles: all
SELECT json, id FROM response_view WHERE item_id = ?1 ORDER BY sequence;

-- FILE_PUT roles: all
INSERT INTO file (id, project_id, name, content_type, size, sha256, state, created_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
-- FILE_GET roles: all
SELECT project_id, name, content_type, size, sha256, state FROM file WHERE id = ?1;
-- FILE_RECEIVED roles: all
UPDATE file SET state = 'received' WHERE id = ?1;
-- FILE_JSON roles: all
SELECT json FROM file_view WHERE id = ?1 AND project_id = ?2 AND state = 'received' LIMIT 1;
-- FILE_STATE roles: all
SELECT state FROM file WHERE id = ?1 AND project_id = ?2;
-- FILE_OF_ITEM roles: all
SELECT json FROM file_view WHERE item_id = ?1 AND response_id IS NULL ORDER BY added_ms, id;
-- FILE_OF_RESPONSE roles: all
SELECT json FROM file_view WHERE response_id = ?1 ORDER BY added_ms, id;
-- FILE_IDS roles: all
-- plan: scan all are wanted
SELECT id FROM file;
-- ITEM_FILE_PUT roles: all
INSERT OR IGNORE INTO item_file (item_id, file_id, response_id, added_ms) VALUES (?1, ?2, ?3, ?4);
-- ITEM_FILE_SAME roles: all
SELECT f.id FROM item_file k JOIN file f ON f.id = k.file_id
WHERE k.item_id = ?1 AND k.response_id IS NULL AND f.name = ?2 AND f.sha256 = ?3;

-- IDEMPOTENCY_PUT roles: all
INSERT INTO idempotency (project_id, key, body_sha256, result_id, created_ms) VALUES (?1, ?2, ?3, ?4, ?5);
-- IDEMPOTENCY_GET roles: all
SELECT body_sha256, result_id FROM idempotency WHERE project_id = ?1 AND key = ?2;

-- FAULT_PUT roles: all
INSERT INTO fault (kind, method, prefix, times, status, retry_s, delay_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
-- FAULT_NEXT roles: all
-- plan: scan a handful of faults
SELECT id, kind, status, retry_s, delay_ms FROM fault
WHERE times > 0 AND (method = '' OR method = ?1) AND substr(?2, 1, length(prefix)) = prefix ORDER BY id LIMIT 1;
-- FAULT_STRUCK roles: all
UPDATE fault SET times = times - 1 WHERE id = ?1;
-- FAULT_LIST roles: all
-- plan: scan all are wanted
SELECT json_object('id', id, 'kind', kind, 'method', method, 'prefix', prefix, 'times', times, 'status', status,
	'retry_s', retry_s, 'delay_ms', delay_ms) FROM fault WHERE times > 0 ORDER BY id;
-- FAULT_CLEAR roles: all
-- plan: scan all are wanted
DELETE FROM fault;

-- CALL_PUT roles: all
INSERT INTO call (at_ms, method, path, query, status, code, fault) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
-- CALL_LIST roles: all
SELECT json_object('id', id, 'at', strftime('%Y-%m-%dT%H:%M:%SZ', at_ms / 1000, 'unixepoch'), 'method', method,
	'path', path, 'query', query, 'status', status, 'code', code, 'fault', fault)
FROM call WHERE id > ?1 ORDER BY id DESC LIMIT ?2;
-- CALL_TRIM roles: all
DELETE FROM call WHERE id <= ?1 - 5000;

-- WIPE roles: all
-- plan: scan the whole table goes
DELETE FROM item_file;
-- WIPE_RESPONSE roles: all
-- plan: scan the whole table goes
DELETE FROM response;
-- WIPE_ITEM_TO roles: all
-- plan: scan the whole table goes
DELETE FROM item_to;
-- WIPE_PREVIOUS roles: all
-- plan: scan the whole table goes
UPDATE item SET previous_id = NULL;
-- WIPE_ITEM roles: all
-- plan: scan the whole table goes
DELETE FROM item;
-- WIPE_FILE roles: all
-- plan: scan the whole table goes
DELETE FROM file;
-- WIPE_CONTACT_EMAIL roles: all
-- plan: scan the whole table goes
DELETE FROM contact_email;
-- WIPE_CONTACT roles: all
-- plan: scan the whole table goes
DELETE FROM contact;
-- WIPE_PROJECT roles: all
-- plan: scan the whole table goes
DELETE FROM project;
-- WIPE_KEYWORD roles: all
-- plan: scan the whole table goes
DELETE FROM keyword;
-- WIPE_SESSION roles: all
-- plan: scan the whole table goes
DELETE FROM session;
-- WIPE_ACCESS_KEY roles: all
-- plan: scan the whole table goes
DELETE FROM access_key;
-- WIPE_IDEMPOTENCY roles: all
-- plan: scan the whole table goes
DELETE FROM idempotency;
-- WIPE_FAULT roles: all
-- plan: scan the whole table goes
DELETE FROM fault;
-- WIPE_CALL roles: all
-- plan: scan the whole table goes
DELETE FROM call;
-- WIPE_SETTING roles: all
-- plan: scan the whole table goes
DELETE FROM setting;
