-- The Project Center stand-in's own database. Times are milliseconds since 1970 UTC (_ms), dates YYYY-MM-DD.
CREATE TABLE setting (
	name  TEXT NOT NULL PRIMARY KEY, -- seeded, storage_key, session_life_s, url_life_s, clock_offset_s, wrapper
	value TEXT NOT NULL
) STRICT;

CREATE TABLE access_key (
	access_key TEXT NOT NULL PRIMARY KEY,
	secret     TEXT NOT NULL
) STRICT;

CREATE TABLE session (
	key_id     TEXT NOT NULL PRIMARY KEY, -- accessKeyId
	secret     TEXT NOT NULL,             -- secretAccessKey
	token      TEXT NOT NULL,             -- sessionToken
	expires_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE project (
	id     TEXT NOT NULL PRIMARY KEY, -- GUID
	key    TEXT NOT NULL UNIQUE,      -- of the seed data
	name   TEXT NOT NULL,
	number TEXT NOT NULL,
	server TEXT NOT NULL
) STRICT;

CREATE TABLE contact (
	id         TEXT NOT NULL PRIMARY KEY,
	project_id TEXT NOT NULL REFERENCES project (id),
	user       TEXT NOT NULL, -- key of the seed data; '' when added by hand
	name       TEXT NOT NULL,
	email      TEXT NOT NULL,
	company    TEXT NOT NULL,
	is_firm    INTEGER NOT NULL CHECK (is_firm IN (0, 1)),
	removed    INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1))
) STRICT;
CREATE INDEX contact_project ON contact (project_id, name);

CREATE TABLE contact_email ( -- further addresses
	contact_id TEXT NOT NULL REFERENCES contact (id),
	email      TEXT NOT NULL,
	PRIMARY KEY (contact_id, email)
) STRICT;

CREATE TABLE keyword (
	id          INTEGER NOT NULL PRIMARY KEY,
	list        TEXT NOT NULL,
	name        TEXT NOT NULL,
	description TEXT NOT NULL,
	type        TEXT NOT NULL
) STRICT;

CREATE TABLE item (
	id               TEXT NOT NULL PRIMARY KEY,
	project_id       TEXT NOT NULL REFERENCES project (id),
	kind             TEXT NOT NULL CHECK (kind IN ('rfi', 'submittal')),
	number           TEXT NOT NULL,
	external_id      TEXT, -- NULL: logged in Project Center itself
	sender_id        TEXT NOT NULL,
	subject          TEXT NOT NULL,
	body             TEXT NOT NULL,
	remarks          TEXT NOT NULL DEFAULT '',
	status           TEXT NOT NULL DEFAULT 'Open' CHECK (status IN ('Open', 'Closed')),
	closed_by        TEXT CHECK (closed_by IN ('close', 'respond_and_close')), -- NULL: open
	from_json        TEXT, -- NULL: not known
	due_date         TEXT, -- NULL: none
	received_date    TEXT NOT NULL,
	spec_json        TEXT, -- NULL: none
	item_type        TEXT, -- NULL: none
	source_json      TEXT, -- NULL: logged in Project Center itself
	previous_id      TEXT REFERENCES item (id), -- NULL: first revision
	created_ms       INTEGER NOT NULL,
	updated_ms       INTEGER NOT NULL,
	closed_ms        INTEGER, -- NULL: open
	version          INTEGER NOT NULL DEFAULT 1,
	UNIQUE (project_id, external_id),
	UNIQUE (project_id, kind, number)
) STRICT;
CREATE INDEX item_changed ON item (project_id, updated_ms, id);
CREATE INDEX item_previous ON item (previous_id);

CREATE TABLE item_to (
	item_id    TEXT NOT NULL REFERENCES item (id),
	position   INTEGER NOT NULL,
	contact_id TEXT NOT NULL REFERENCES contact (id),
	PRIMARY KEY (item_id, position)
) STRICT;

CREATE TABLE response (
	id             TEXT NOT NULL PRIMARY KEY,
	item_id        TEXT NOT NULL REFERENCES item (id),
	sequence       INTEGER NOT NULL,
	action         TEXT NOT NULL, -- the keyword's name at that time
	action_id      INTEGER NOT NULL,
	text           TEXT NOT NULL,
	contact_id     TEXT NOT NULL REFERENCES contact (id),
	responder_json TEXT NOT NULL, -- the contact as it was
	responded_ms   INTEGER NOT NULL,
	UNIQUE (item_id, sequence)
) STRICT;

CREATE TABLE file (
	id           TEXT NOT NULL PRIMARY KEY, -- also its name in the files folder
	project_id   TEXT NOT NULL REFERENCES project (id),
	name         TEXT NOT NULL,
	content_type TEXT NOT NULL,
	size         INTEGER NOT NULL,
	sha256       TEXT NOT NULL,
	state        TEXT NOT NULL CHECK (state IN ('waiting', 'received')),
	created_ms   INTEGER NOT NULL
) STRICT;

CREATE TABLE item_file (
	item_id     TEXT NOT NULL REFERENCES item (id),
	file_id     TEXT NOT NULL REFERENCES file (id),
	response_id TEXT REFERENCES response (id), -- NULL: of the item itself
	added_ms    INTEGER NOT NULL,
	PRIMARY KEY (item_id, file_id)
) STRICT;
CREATE INDEX item_file_response ON item_file (response_id);

CREATE TABLE idempotency (
	project_id  TEXT NOT NULL,
	key         TEXT NOT NULL,
	body_sha256 TEXT NOT NULL,
	result_id   TEXT NOT NULL,
	created_ms  INTEGER NOT NULL,
	PRIMARY KEY (project_id, key)
) STRICT;

CREATE TABLE fault (
	id       INTEGER NOT NULL PRIMARY KEY,
	kind     TEXT NOT NULL CHECK (kind IN ('status', 'lost', 'cut', 'slow')),
	method   TEXT NOT NULL, -- '' any
	prefix   TEXT NOT NULL, -- of the path
	times    INTEGER NOT NULL, -- how often it still strikes
	status   INTEGER NOT NULL, -- kind status
	retry_s  INTEGER NOT NULL, -- Retry-After; 0 none
	delay_ms INTEGER NOT NULL  -- kind slow
) STRICT;

CREATE TABLE call ( -- what callers of the interface did, for tests and for the control page
	id      INTEGER NOT NULL PRIMARY KEY,
	at_ms   INTEGER NOT NULL,
	method  TEXT NOT NULL,
	path    TEXT NOT NULL,
	query   TEXT NOT NULL, -- without what signs an address
	status  INTEGER NOT NULL,
	code    TEXT NOT NULL, -- of an error; '' none
	fault   TEXT NOT NULL  -- kind of the fault that struck; '' none
) STRICT;

CREATE VIEW contact_view AS
SELECT c.id, c.project_id, c.user, c.name, c.email, c.is_firm, c.removed,
	json_object('id', c.id, 'name', c.name, 'email', c.email,
		'otherEmails', json((SELECT json_group_array(e.email) FROM contact_email e WHERE e.contact_id = c.id)),
		'company', c.company, 'isFirm', json(iif(c.is_firm, 'true', 'false'))) AS json
FROM contact c;

CREATE VIEW item_view AS
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

CREATE VIEW response_view AS
SELECT r.id, r.item_id, r.sequence,
	json_object('id', r.id, 'sequence', r.sequence, 'action', r.action, 'actionId', 'kw-' || r.action_id,
		'text', r.text, 'responder', json(r.responder_json),
		'respondedAt', strftime('%Y-%m-%dT%H:%M:%S', r.responded_ms / 1000, 'unixepoch')
			|| printf('.%03dZ', r.responded_ms % 1000),
		'closes', json('true')) AS json
FROM response r;

CREATE VIEW file_view AS
SELECT f.id, f.project_id, f.state, k.item_id, k.response_id, k.added_ms,
	json_object('id', f.id, 'name', f.name, 'contentType', f.content_type, 'size', f.size, 'sha256', f.sha256,
		'addedAt', strftime('%Y-%m-%dT%H:%M:%S', coalesce(k.added_ms, f.created_ms) / 1000, 'unixepoch')
			|| printf('.%03dZ', coalesce(k.added_ms, f.created_ms) % 1000)) AS json
FROM file f LEFT JOIN item_file k ON k.file_id = f.id;
