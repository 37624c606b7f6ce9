-- procore-queries.sql: every statement of the Procore stand-in; format in sql/gen-queries.awk.
-- Most answers are built here as JSON, one row a member.

-- ---- settings and ids

-- SETTINGS roles: admin
-- plan: scan all switches, some twenty
SELECT json_group_object(name, value) FROM setting;

-- SETTING_SET roles: admin
INSERT INTO setting (name, value) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- NEW_ID roles: admin
UPDATE setting SET value = CAST(CAST(value AS INTEGER) + 7 + abs(random() % 11) AS TEXT)
WHERE name = '_next_id' RETURNING CAST(value AS INTEGER);

-- SETTINGS_RESET roles: admin
-- plan: scan all switches, some twenty
DELETE FROM setting WHERE name NOT LIKE '\_%' ESCAPE '\';

-- RICH_TEXT roles: admin
-- Plain text as Procore's editor stores it: escaped, a paragraph for each blank line.
SELECT '<p>' || replace(replace(replace(replace(replace(replace(?1, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'),
	char(10) || char(10), char(1)), char(10), '<br>'), char(1), '</p>' || char(10) || '<p>') || '</p>';

-- ---- apps

-- APP_ADD roles: admin
INSERT INTO app (client_id, secret, name, version_key, redirect_uris) VALUES (?1, ?2, ?3, ?4, ?5);

-- APP_GET roles: admin
SELECT json_object('client_id', client_id, 'secret', secret, 'name', name, 'version_key', version_key,
	'redirect_uris', json(redirect_uris)) FROM app WHERE client_id = ?1;

-- APP_FIRST roles: admin
SELECT client_id FROM app ORDER BY client_id LIMIT 1;

-- APP_SECRET_SET roles: admin
UPDATE app SET secret = ?2 WHERE client_id = ?1;

-- APP_URIS_SET roles: admin
UPDATE app SET redirect_uris = ?2 WHERE client_id = ?1;

-- APP_CONNECTED roles: admin
SELECT connected FROM app_company WHERE client_id = ?1 AND company_id = ?2;

-- APP_CONNECT roles: admin
INSERT INTO app_company (client_id, company_id, connected) VALUES (?1, ?2, ?3)
ON CONFLICT (client_id, company_id) DO UPDATE SET connected = excluded.connected;

-- APPS_OF_COMPANY roles: admin
-- plan: scan a handful of apps
SELECT json_object('client_id', a.client_id, 'name', a.name, 'version_key', a.version_key,
	'connected', json(iif(coalesce(ac.connected, 0), 'true', 'false')))
FROM app a LEFT JOIN app_company ac ON ac.client_id = a.client_id AND ac.company_id = ?1;

-- APPS_OF_PERSON roles: admin
SELECT json_object('client_id', a.client_id, 'name', a.name, 'since', max(f.created_at), 'grants', count(*))
FROM family f JOIN app a ON a.client_id = f.client_id
WHERE f.person_id = ?1 AND f.ended = '' GROUP BY a.client_id;

-- ---- companies, people, projects

-- COMPANY_ADD roles: admin
INSERT INTO company (id, name, statuses, types, responses) VALUES (?1, ?2, ?3, ?4, ?5);

-- COMPANY_GET roles: admin
SELECT json_object('id', id, 'name', name, 'statuses', json(statuses), 'types', json(types),
	'responses', json(responses)) FROM company WHERE id = ?1;

-- RESPONSE_ADD roles: admin
UPDATE company SET responses = json_insert(responses, '$[#]', json_object('id', ?2, 'name', ?3, 'considered', ?4))
WHERE id = (SELECT company_id FROM project WHERE id = ?1);

-- RESPONSE_EDIT roles: admin
UPDATE company SET responses = (SELECT json_group_array(json(iif(r.value ->> 'name' = ?2,
		json_set(r.value, '$.name', ?3), r.value))) FROM json_each(responses) r
	WHERE ?3 <> '' OR r.value ->> 'name' <> ?2)
WHERE id = (SELECT company_id FROM project WHERE id = ?1);

-- COMPANY_FIND roles: admin
-- plan: scan a handful of companies, asked by the control page
SELECT id FROM company WHERE CAST(id AS TEXT) = ?1 OR name = ?1 COLLATE NOCASE;

-- COMPANIES_OF roles: admin
SELECT json_object('id', c.id, 'name', c.name, 'is_active', json('true'), 'logo_url', NULL,
	'pcn_business_experience', json('false'), 'my_company', json(iif(cm.admin, 'true', 'false')))
FROM company_member cm JOIN company c ON c.id = cm.company_id
WHERE cm.person_id = ?1 ORDER BY c.name;

-- COMPANIES_ALL roles: admin
-- plan: scan a handful of companies
SELECT json_object('id', id, 'name', name) FROM company ORDER BY name;

-- COMPANY_MEMBER_ADD roles: admin
INSERT INTO company_member (company_id, person_id, admin) VALUES (?1, ?2, ?3)
ON CONFLICT (company_id, person_id) DO UPDATE SET admin = max(admin, excluded.admin);

-- COMPANY_MEMBER roles: admin
SELECT admin FROM company_member WHERE company_id = ?1 AND person_id = ?2;

-- COMPANY_ADMIN_OF roles: admin
SELECT json_object('id', c.id, 'name', c.name) FROM company_member cm JOIN company c ON c.id = cm.company_id
WHERE cm.person_id = ?1 AND cm.admin = 1 ORDER BY c.name;

-- PERSON_ADD roles: admin
INSERT INTO person (id, login, password, first_name, last_name, job_title, vendor_id, vendor_name)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- PERSON_GET roles: admin
SELECT json_object('id', p.id, 'login', p.login, 'password', p.password, 'first_name', p.first_name,
	'last_name', p.last_name, 'name', trim(p.first_name || ' ' || p.last_name),
	'initials', substr(p.first_name, 1, 1) || substr(p.last_name, 1, 1), 'job_title', p.job_title,
	'vendor_id', p.vendor_id, 'vendor_name', p.vendor_name, 'active', p.active, 'idp', p.idp)
FROM person p WHERE p.id = ?1;

-- PERSON_FIND roles: admin
SELECT json_object('id', p.id, 'login', p.login, 'password', p.password, 'first_name', p.first_name,
	'last_name', p.last_name, 'name', trim(p.first_name || ' ' || p.last_name),
	'initials', substr(p.first_name, 1, 1) || substr(p.last_name, 1, 1), 'job_title', p.job_title,
	'vendor_id', p.vendor_id, 'vendor_name', p.vendor_name, 'active', p.active, 'idp', p.idp)
FROM person p WHERE p.login = ?1;

-- PEOPLE_ALL roles: admin
-- plan: scan some dozens of people, for the control page
SELECT json_object('id', p.id, 'login', p.login, 'password', p.password, 'first_name', p.first_name,
	'last_name', p.last_name, 'name', trim(p.first_name || ' ' || p.last_name),
	'initials', substr(p.first_name, 1, 1) || substr(p.last_name, 1, 1), 'job_title', p.job_title,
	'vendor_id', p.vendor_id, 'vendor_name', p.vendor_name, 'active', p.active, 'idp', p.idp)
FROM person p ORDER BY p.login;

-- PERSON_ACTIVE_SET roles: admin
UPDATE person SET active = ?2 WHERE id = ?1;

-- PERSON_IDP_SET roles: admin
UPDATE person SET idp = ?2 WHERE id = ?1;

-- COMPANY_ME roles: admin
SELECT json_object('id', p.id, 'login', p.login, 'email_address', p.login, 'name', trim(p.first_name || ' ' || p.last_name),
	'first_name', p.first_name, 'last_name', p.last_name,
	'initials', substr(p.first_name, 1, 1) || substr(p.last_name, 1, 1), 'job_title', p.job_title,
	'is_active', json(iif(p.active, 'true', 'false')), 'is_employee', json(iif(cm.admin, 'true', 'false')),
	'is_insurance_manager', json('false'), 'add_to_new_projects', json('false'), 'employee_id', NULL,
	'business_phone', NULL, 'mobile_phone', NULL, 'avatar', NULL, 'notes', NULL, 'last_login_at', NULL,
	'vendor', json_object('id', p.vendor_id, 'name', p.vendor_name))
FROM company_member cm JOIN person p ON p.id = cm.person_id WHERE cm.company_id = ?1 AND p.id = ?2;

-- PROJECT_ADD roles: admin
INSERT INTO project (id, company_id, name, number, active, created_at, updated_at, doc)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7);

-- PROJECT_REJECT_SET roles: admin
UPDATE project SET reject_workflow = ?2 WHERE id = ?1;

-- PROJECT_FIND roles: admin
-- plan: scan projects by name, asked by the control page
SELECT id FROM project WHERE CAST(id AS TEXT) = ?1 OR name = ?1 COLLATE NOCASE OR number = ?1 LIMIT 1;

-- PROJECT_FOR roles: admin
-- A project with what a person may do in it.
SELECT json_object('id', p.id, 'company_id', p.company_id, 'company_name', c.name, 'name', p.name,
	'number', p.number, 'reject_workflow', p.reject_workflow, 'doc', json(p.doc),
	'seen', m.person_id IS NOT NULL OR coalesce(cm.admin, 0), 'company_admin', coalesce(cm.admin, 0),
	'rfi', iif(coalesce(cm.admin, 0), 4, coalesce(m.rfi, 1)),
	'submittal', iif(coalesce(cm.admin, 0), 4, coalesce(m.submittal, 1)),
	'directory', iif(coalesce(cm.admin, 0), 4, coalesce(m.directory, 1)))
FROM project p JOIN company c ON c.id = p.company_id
LEFT JOIN member m ON m.project_id = p.id AND m.person_id = ?2
LEFT JOIN company_member cm ON cm.company_id = p.company_id AND cm.person_id = ?2
WHERE p.id = ?1;

-- PROJECTS_OF roles: admin
-- Projects of a company that a person sees, with the fields of the list.
SELECT json_patch(json_object('id', p.id, 'name', p.name, 'display_name', p.number || ' - ' || p.name,
	'project_number', p.number, 'active', json(iif(p.active, 'true', 'false')),
	'company', json_object('id', c.id, 'name', c.name),
	'created_at', strftime('%Y-%m-%dT%H:%M:%SZ', p.created_at, 'unixepoch'),
	'updated_at', strftime('%Y-%m-%dT%H:%M:%SZ', p.updated_at, 'unixepoch')), p.doc)
FROM project p JOIN company c ON c.id = p.company_id
LEFT JOIN member m ON m.project_id = p.id AND m.person_id = ?2
LEFT JOIN company_member cm ON cm.company_id = p.company_id AND cm.person_id = ?2
WHERE p.company_id = ?1 AND (m.person_id IS NOT NULL OR coalesce(cm.admin, 0) = 1)
ORDER BY p.name;

-- PROJECTS_SEEN roles: admin
-- All projects a person sees, for the pages.
SELECT json_object('id', p.id, 'name', p.name, 'number', p.number, 'company', c.name)
FROM member m JOIN project p ON p.id = m.project_id JOIN company c ON c.id = p.company_id
WHERE m.person_id = ?1 ORDER BY c.name, p.name;

-- PROJECTS_ALL roles: admin
-- plan: scan all projects, for the control page
SELECT json_object('id', p.id, 'name', p.name, 'company_id', p.company_id) FROM project p ORDER BY p.name;

-- PROJECT_MANAGER roles: admin
-- Who plays the contractor when nobody is named: the first admin of the tools.
SELECT person_id FROM member WHERE project_id = ?1 AND rfi = 4 AND submittal = 4 ORDER BY person_id LIMIT 1;

-- MEMBER_SET roles: admin
INSERT INTO member (project_id, person_id, rfi, submittal, directory) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (project_id, person_id) DO UPDATE SET rfi = excluded.rfi, submittal = excluded.submittal,
	directory = excluded.directory;

-- MEMBER_GET roles: admin
SELECT json_object('rfi', rfi, 'submittal', submittal, 'directory', directory) FROM member
WHERE project_id = ?1 AND person_id = ?2;

-- MEMBER_DROP roles: admin
DELETE FROM member WHERE project_id = ?1 AND person_id = ?2;

-- PROJECT_USERS roles: admin
SELECT json_object('id', p.id, 'first_name', p.first_name, 'last_name', p.last_name,
	'name', trim(p.first_name || ' ' || p.last_name),
	'initials', substr(p.first_name, 1, 1) || substr(p.last_name, 1, 1),
	'vendor', json_object('id', p.vendor_id, 'name', p.vendor_name),
	'email_address', p.login, 'login', p.login, 'is_active', json(iif(p.active, 'true', 'false')),
	'is_employee', json('false'), 'job_title', p.job_title, 'employee_id', NULL, 'business_phone', NULL,
	'mobile_phone', NULL, 'address', NULL, 'city', NULL, 'origin_id', NULL,
	'permission_template', json_object('id', 41534213120 + m.rfi, 'name',
	CASE m.rfi WHEN 4 THEN 'Project Manager' WHEN 3 THEN 'Design Team' ELSE 'Read Only' END, 'project_specific', json('false')),
	'_rfi', m.rfi, '_submittal', m.submittal)
FROM member m JOIN person p ON p.id = m.person_id WHERE m.project_id = ?1 ORDER BY p.last_name, p.first_name, p.id;

-- ---- items

-- ITEM_ADD roles: admin
INSERT INTO item (id, kind, project_id, updated_at, deleted_at, doc) VALUES (?1, ?2, ?3, ?4, NULL, ?5);

-- ITEM_GET roles: admin
SELECT doc FROM item WHERE id = ?1 AND kind = ?2 AND project_id = ?3 AND (deleted_at IS NOT NULL) = ?4;

-- ITEM_PROJECT roles: admin
SELECT project_id FROM item WHERE id = ?1 AND kind = ?2;

-- ITEM_SET roles: admin
UPDATE item SET updated_at = ?2, doc = ?3 WHERE id = ?1;

-- ITEM_BIN roles: admin
UPDATE item SET deleted_at = ?2, updated_at = ?3,
	doc = json_set(doc, '$.updated_at', strftime('%Y-%m-%dT%H:%M:%SZ', ?3, 'unixepoch'))
WHERE id = ?1;

-- ITEM_UNBIN roles: admin
UPDATE item SET deleted_at = NULL, updated_at = ?2,
	doc = json_set(doc, '$.updated_at', strftime('%Y-%m-%dT%H:%M:%SZ', ?2, 'unixepoch'))
WHERE id = ?1;

-- ITEMS_LIST roles: admin
SELECT doc FROM item WHERE project_id = ?1 AND kind = ?2 AND deleted_at IS NULL AND updated_at BETWEEN ?3 AND ?4
ORDER BY updated_at DESC, id DESC;

-- ITEMS_BIN_LIST roles: admin
SELECT json_set(doc, '$.deleted', json('true'),
	'$.deleted_at', strftime('%Y-%m-%dT%H:%M:%SZ', deleted_at, 'unixepoch'))
FROM item WHERE project_id = ?1 AND kind = ?2 AND deleted_at IS NOT NULL AND updated_at BETWEEN ?3 AND ?4
ORDER BY updated_at DESC, id DESC;

-- ITEMS_NEXT_NUMBER roles: admin
SELECT coalesce(max(CAST(json_extract(doc, '$.number') AS INTEGER)), 0) + 1 FROM item
WHERE project_id = ?1 AND kind = ?2;

-- ITEMS_ALL roles: admin
-- plan: scan tests look at everything
SELECT json_set(doc, '$._kind', kind, '$.project_id', project_id, '$._deleted', deleted_at IS NOT NULL)
FROM item WHERE kind = ?1 AND (?2 = 0 OR project_id = ?2) ORDER BY id;

-- APPROVER_ADD roles: admin
INSERT INTO approver (id, item_id) VALUES (?1, ?2);

-- APPROVER_ITEM roles: admin
SELECT item_id FROM approver WHERE id = ?1;

-- APPROVERS_OF_DROP roles: admin
DELETE FROM approver WHERE item_id = ?1;

-- ---- files and uploads

-- FILE_ADD roles: admin
INSERT INTO file (uuid, company_id, project_id, sha256, bytes, name, content_type)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- FILE_GET roles: admin
SELECT json_object('uuid', uuid, 'company_id', company_id, 'project_id', project_id, 'sha256', sha256,
	'bytes', bytes, 'name', name, 'content_type', content_type, 'unavailable_until', unavailable_until,
	'can_be_viewed', can_be_viewed) FROM file WHERE uuid = ?1;

-- FILE_AVAILABLE_SET roles: admin
UPDATE file SET unavailable_until = ?2, can_be_viewed = ?3 WHERE uuid = ?1;

-- UPLOAD_ADD roles: admin
INSERT INTO upload (uuid, person_id, company_id, project_id, name, content_type, segments, status, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'ready', ?8);

-- UPLOAD_GET roles: admin
SELECT json_object('uuid', uuid, 'person_id', person_id, 'company_id', company_id, 'project_id', project_id,
	'name', name, 'content_type', content_type, 'segments', json(segments), 'sha256', sha256, 'bytes', bytes,
	'status', status, 'created_at', created_at) FROM upload WHERE uuid = ?1;

-- UPLOAD_BYTES_SET roles: admin
UPDATE upload SET sha256 = ?2, bytes = ?3, status = 'complete' WHERE uuid = ?1;

-- UPLOAD_SEGMENTS_SET roles: admin
UPDATE upload SET segments = ?2 WHERE uuid = ?1;

-- UPLOAD_STATUS_SET roles: admin
UPDATE upload SET status = ?2 WHERE uuid = ?1;

-- ---- sign-in and tokens

-- SESSION_ADD roles: admin
INSERT INTO session (hash, person_id, created_at) VALUES (?1, ?2, ?3);

-- SESSION_PERSON roles: admin
SELECT json_object('id', p.id, 'login', p.login, 'password', p.password, 'first_name', p.first_name,
	'last_name', p.last_name, 'name', trim(p.first_name || ' ' || p.last_name),
	'initials', substr(p.first_name, 1, 1) || substr(p.last_name, 1, 1), 'job_title', p.job_title,
	'vendor_id', p.vendor_id, 'vendor_name', p.vendor_name, 'active', p.active, 'idp', p.idp)
FROM session s JOIN person p ON p.id = s.person_id WHERE s.hash = ?1;

-- SESSION_DROP roles: admin
DELETE FROM session WHERE hash = ?1;

-- CODE_ADD roles: admin
INSERT INTO code (hash, client_id, person_id, redirect_uri, challenge, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- CODE_GET roles: admin
SELECT json_object('client_id', client_id, 'person_id', person_id, 'redirect_uri', redirect_uri,
	'challenge', challenge, 'created_at', created_at, 'used', used) FROM code WHERE hash = ?1;

-- CODE_USE roles: admin
UPDATE code SET used = 1 WHERE hash = ?1;

-- FAMILY_ADD roles: admin
INSERT INTO family (client_id, person_id, created_at) VALUES (?1, ?2, ?3);

-- FAMILY_END roles: admin
UPDATE family SET ended = ?2 WHERE id = ?1 AND ended = '';

-- FAMILIES_END roles: admin
UPDATE family SET ended = ?3 WHERE person_id = ?1 AND (?2 = '' OR client_id = ?2) AND ended = '';

-- TOKEN_ADD roles: admin
INSERT INTO token (family_id, access_hash, refresh_hash, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5);

-- TOKEN_BY_ACCESS roles: admin
SELECT json_object('id', t.id, 'family_id', t.family_id, 'created_at', t.created_at, 'expires_at', t.expires_at,
	'client_id', f.client_id, 'ended', f.ended, 'person', json_object('id', p.id, 'login', p.login, 'password', p.password, 'first_name', p.first_name,
	'last_name', p.last_name, 'name', trim(p.first_name || ' ' || p.last_name),
	'initials', substr(p.first_name, 1, 1) || substr(p.last_name, 1, 1), 'job_title', p.job_title,
	'vendor_id', p.vendor_id, 'vendor_name', p.vendor_name, 'active', p.active, 'idp', p.idp))
FROM token t JOIN family f ON f.id = t.family_id JOIN person p ON p.id = f.person_id WHERE t.access_hash = ?1;

-- TOKEN_BY_REFRESH roles: admin
SELECT json_object('id', t.id, 'family_id', t.family_id, 'refresh_used', t.refresh_used,
	'client_id', f.client_id, 'ended', f.ended, 'person', json_object('id', p.id, 'login', p.login, 'password', p.password, 'first_name', p.first_name,
	'last_name', p.last_name, 'name', trim(p.first_name || ' ' || p.last_name),
	'initials', substr(p.first_name, 1, 1) || substr(p.last_name, 1, 1), 'job_title', p.job_title,
	'vendor_id', p.vendor_id, 'vendor_name', p.vendor_name, 'active', p.active, 'idp', p.idp))
FROM token t JOIN family f ON f.id = t.family_id JOIN person p ON p.id = f.person_id WHERE t.refresh_hash = ?1;

-- TOKEN_REFRESH_USE roles: admin
UPDATE token SET refresh_used = 1 WHERE id = ?1;

-- TOKEN_KILL roles: admin
UPDATE token SET expires_at = min(expires_at, ?2), refresh_used = 1 WHERE id = ?1;

-- TOKENS_EXPIRE roles: admin
UPDATE token SET expires_at = min(expires_at, ?2) WHERE family_id IN (SELECT id FROM family WHERE person_id = ?1);

-- TOKENS_EXPIRE_ALL roles: admin
-- plan: scan a switch of the control page
UPDATE token SET expires_at = min(expires_at, ?1);

-- TOKEN_STATE roles: admin
-- plan: scan tests look at everything
SELECT json_object('person', p.login, 'client_id', f.client_id, 'family', f.id, 'ended', f.ended,
	'pairs', count(t.id), 'live_refresh', coalesce(sum(t.refresh_used = 0 AND f.ended = ''), 0),
	'live_access', coalesce(sum(t.expires_at > ?1 AND f.ended = ''), 0))
FROM family f JOIN person p ON p.id = f.person_id LEFT JOIN token t ON t.family_id = f.id GROUP BY f.id ORDER BY f.id;

-- ---- rate, faults, calls

-- RATE_COUNT roles: admin
INSERT INTO rate (scope, seconds, start, used) VALUES (?1, ?2, ?3, 1)
ON CONFLICT (scope, seconds) DO UPDATE SET used = iif(start = excluded.start, used + 1, 1), start = excluded.start
RETURNING used;

-- RATE_CLEAR roles: admin
-- plan: scan a switch of the control page
DELETE FROM rate;

-- FAULT_ADD roles: admin
INSERT INTO fault (kind, what, method, prefix, person, spec, times) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- FAULTS_FOR roles: admin
-- plan: scan a handful of switches
SELECT json_object('id', id, 'kind', kind, 'what', what, 'spec', json(spec)) FROM fault
WHERE times > 0 AND (method = '' OR method = ?1) AND (prefix = '' OR substr(?2, 1, length(prefix)) = prefix)
AND (person = '' OR person = ?3 COLLATE NOCASE) ORDER BY id;

-- FAULT_TAKE roles: admin
UPDATE fault SET times = times - 1 WHERE id = ?1 AND times > 0;

-- FAULTS_CLEAR roles: admin
-- plan: scan a switch of the control page
DELETE FROM fault;

-- FAULTS_ALL roles: admin
-- plan: scan a handful of switches
SELECT json_object('id', id, 'kind', kind, 'what', what, 'method', method, 'prefix', prefix, 'person', person,
	'spec', json(spec), 'times', times) FROM fault WHERE times > 0 ORDER BY id;

-- CALL_ADD roles: admin
INSERT INTO call (at_ms, method, path, query, status, person, company_id, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- CALLS_LOG roles: admin
-- plan: scan tests look at everything
SELECT json_object('id', id, 'at_ms', at_ms, 'method', method, 'path', path, 'query', query, 'status', status,
	'person', person, 'company_id', company_id, 'note', note) FROM call
WHERE id > ?1 AND substr(path, 1, length(?2)) = ?2 ORDER BY id LIMIT 10000;

-- CALLS_COUNTS roles: admin
-- plan: scan tests look at everything
SELECT json_object('method', method, 'path', path, 'status', status, 'person', person, 'count', count(*)) FROM call
WHERE id > ?1 AND substr(path, 1, length(?2)) = ?2 GROUP BY method, path, status, person ORDER BY path;

-- CALLS_CLEAR roles: admin
-- plan: scan a switch of the control page
DELETE FROM call;

-- ---- webhooks

-- HOOK_ADD roles: admin
INSERT INTO hook (id, company_id, project_id, person_id, client_id, payload_version, namespace, destination_url,
	authorization, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10);

-- HOOK_GET roles: admin
SELECT json_object('id', h.id, 'company_id', h.company_id, 'project_id', h.project_id, 'person_id', h.person_id,
	'client_id', h.client_id, 'payload_version', h.payload_version, 'namespace', h.namespace,
	'destination_url', h.destination_url, 'authorization', h.authorization, 'disabled', h.disabled, 'created_at', h.created_at,
	'updated_at', h.updated_at, 'trigger_count', (SELECT count(*) FROM hook_trigger t WHERE t.hook_id = h.id))
FROM hook h WHERE h.id = ?1 AND h.company_id = ?2 AND h.project_id = ?3;

-- HOOKS_OF roles: admin
-- plan: scan a handful of hooks
SELECT json_object('id', h.id, 'company_id', h.company_id, 'project_id', h.project_id, 'person_id', h.person_id,
	'client_id', h.client_id, 'payload_version', h.payload_version, 'namespace', h.namespace,
	'destination_url', h.destination_url, 'authorization', h.authorization, 'disabled', h.disabled, 'created_at', h.created_at,
	'updated_at', h.updated_at, 'trigger_count', (SELECT count(*) FROM hook_trigger t WHERE t.hook_id = h.id))
FROM hook h WHERE h.company_id = ?1 AND h.project_id = ?2 AND h.client_id = ?3 ORDER BY h.id;

-- HOOK_SET roles: admin
UPDATE hook SET payload_version = ?2, namespace = ?3, destination_url = ?4, authorization = ?5, updated_at = ?6,
	paused_until_ms = 0, backoff_s = 0 WHERE id = ?1;

-- HOOKS_DISABLE roles: admin
-- plan: scan a handful of hooks
UPDATE hook SET disabled = 1;

-- HOOK_DROP roles: admin
DELETE FROM hook WHERE id = ?1;

-- TRIGGER_ADD roles: admin
INSERT OR IGNORE INTO hook_trigger (id, hook_id, resource, event) VALUES (?1, ?2, ?3, ?4);

-- TRIGGERS_OF roles: admin
SELECT json_object('id', id, 'resource_name', resource, 'event_type', event) FROM hook_trigger
WHERE hook_id = ?1 ORDER BY id;

-- TRIGGER_DROP roles: admin
DELETE FROM hook_trigger WHERE id = ?1 AND hook_id = ?2;

-- HOOKS_FOR_EVENT roles: admin
-- plan: scan a handful of hooks
SELECT json_object('id', h.id, 'payload_version', h.payload_version, 'client_id', h.client_id) FROM hook h
JOIN hook_trigger t ON t.hook_id = h.id
WHERE h.company_id = ?1 AND h.project_id IN (0, ?2) AND h.disabled = 0 AND t.resource = ?3 AND t.event = ?4;

-- DELIVERY_ADD roles: admin
INSERT INTO delivery (hook_id, event_id, payload, status, due_ms, created_at) VALUES (?1, ?2, ?3, 'enqueued', ?4, ?5);

-- DELIVERIES_OF roles: admin
SELECT json_object('id', event_id, 'status', status, 'payload', json(payload), 'delivery_attempts', json(attempts))
FROM delivery WHERE hook_id = ?1 AND (?2 = '' OR status = ?2) ORDER BY id DESC;

-- DELIVERY_NEXT roles: admin
-- plan: scan a handful of hooks
SELECT json_object('id', d.id, 'hook_id', h.id, 'payload', json(d.payload), 'url', h.destination_url,
	'authorization', h.authorization, 'backoff_s', h.backoff_s, 'created_at', d.created_at, 'attempts', json(d.attempts))
FROM delivery d JOIN hook h ON h.id = d.hook_id
WHERE d.status IN ('enqueued', 'retrying') AND d.due_ms <= ?1 AND h.paused_until_ms <= ?1
AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.hook_id = d.hook_id AND o.status = 'retrying' AND o.id < d.id)
ORDER BY d.due_ms, d.id LIMIT 1;

-- DELIVERY_SET roles: admin
UPDATE delivery SET status = ?2, attempts = ?3 WHERE id = ?1;

-- HOOK_PAUSE roles: admin
UPDATE hook SET paused_until_ms = ?2, backoff_s = ?3 WHERE id = ?1;

-- DELIVERIES_DISCARD roles: admin
UPDATE delivery SET status = 'discarded' WHERE hook_id = ?1 AND status IN ('enqueued', 'retrying');

-- DELIVERY_STATE roles: admin
-- plan: scan tests look at everything
SELECT json_object('hook_id', hook_id, 'event_id', event_id, 'status', status, 'payload', json(payload),
	'attempts', json(attempts)) FROM delivery ORDER BY id;

-- HOOKS_STATE roles: admin
-- plan: scan tests look at everything
SELECT json_object('id', id, 'company_id', company_id, 'project_id', project_id, 'destination_url', destination_url,
	'payload_version', payload_version, 'disabled', disabled, 'paused_until_ms', paused_until_ms,
	'backoff_s', backoff_s, 'triggers', (SELECT count(*) FROM hook_trigger t WHERE t.hook_id = hook.id)) FROM hook ORDER BY id;

-- ---- starting again, in the order of the foreign keys

-- WIPE_1 roles: admin
-- plan: scan start again
DELETE FROM delivery;
-- WIPE_2 roles: admin
-- plan: scan start again
DELETE FROM hook_trigger;
-- WIPE_3 roles: admin
-- plan: scan start again
DELETE FROM hook;
-- WIPE_4 roles: admin
-- plan: scan start again
DELETE FROM approver;
-- WIPE_5 roles: admin
-- plan: scan start again
DELETE FROM item;
-- WIPE_6 roles: admin
-- plan: scan start again
DELETE FROM token;
-- WIPE_7 roles: admin
-- plan: scan start again
DELETE FROM family;
-- WIPE_8 roles: admin
-- plan: scan start again
DELETE FROM session;
-- WIPE_9 roles: admin
-- plan: scan start again
DELETE FROM member;
-- WIPE_10 roles: admin
-- plan: scan start again
DELETE FROM project;
-- WIPE_11 roles: admin
-- plan: scan start again
DELETE FROM company_member;
-- WIPE_12 roles: admin
-- plan: scan start again
DELETE FROM app_company;
-- WIPE_13 roles: admin
-- plan: scan start again
DELETE FROM person;
-- WIPE_14 roles: admin
-- plan: scan start again
DELETE FROM company;
-- WIPE_15 roles: admin
-- plan: scan start again
DELETE FROM app;
-- WIPE_16 roles: admin
-- plan: scan start again
DELETE FROM code;
-- WIPE_17 roles: admin
-- plan: scan start again
DELETE FROM upload;
-- WIPE_18 roles: admin
-- plan: scan start again
DELETE FROM file;
-- WIPE_19 roles: admin
-- plan: scan start again
DELETE FROM fault;
-- WIPE_20 roles: admin
-- plan: scan start again
DELETE FROM rate;
-- WIPE_21 roles: admin
-- plan: scan start again
DELETE FROM call;
-- WIPE_22 roles: admin
-- plan: scan start again
DELETE FROM setting;

-- SEEDED roles: admin
SELECT 1 FROM setting WHERE name = '_next_id';
