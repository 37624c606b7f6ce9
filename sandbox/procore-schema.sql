-- Everything that the Procore stand-in remembers. One file, shared by its processes.
-- Times are seconds since 1970 UTC unless the name ends in _ms. Levels of a tool: 1 None, 2 Read Only,
-- 3 Standard, 4 Admin (procore.md 4; the number of Admin is known, the others are assumed).

CREATE TABLE setting (
	name TEXT PRIMARY KEY,  -- a switch of the control page, or something the stand-in keeps to itself
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE app (
	client_id TEXT PRIMARY KEY,
	secret TEXT NOT NULL,
	name TEXT NOT NULL,
	version_key TEXT NOT NULL,
	redirect_uris TEXT NOT NULL  -- array of exact URIs
) STRICT, WITHOUT ROWID;

CREATE TABLE company (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	statuses TEXT NOT NULL,   -- submittal statuses {id,name,status}
	types TEXT NOT NULL,         -- submittal types {id,name,translated_name}
	responses TEXT NOT NULL  -- submittal responses {id,name,considered}
) STRICT;

CREATE TABLE app_company (
	client_id TEXT NOT NULL,
	company_id INTEGER NOT NULL REFERENCES company (id),
	connected INTEGER NOT NULL CHECK (connected IN (0, 1)),
	PRIMARY KEY (client_id, company_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
	id INTEGER PRIMARY KEY,
	login TEXT NOT NULL COLLATE NOCASE UNIQUE,
	password TEXT NOT NULL,
	first_name TEXT NOT NULL,
	last_name TEXT NOT NULL,
	job_title TEXT NOT NULL,
	vendor_id INTEGER NOT NULL,
	vendor_name TEXT NOT NULL,
	active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
	idp INTEGER NOT NULL DEFAULT 0 CHECK (idp IN (0, 1))  -- signs in at the company's identity provider
) STRICT;

CREATE TABLE company_member (
	company_id INTEGER NOT NULL REFERENCES company (id),
	person_id INTEGER NOT NULL REFERENCES person (id),
	admin INTEGER NOT NULL CHECK (admin IN (0, 1)),
	PRIMARY KEY (company_id, person_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE project (
	id INTEGER PRIMARY KEY,
	company_id INTEGER NOT NULL REFERENCES company (id),
	name TEXT NOT NULL,
	number TEXT NOT NULL,
	active INTEGER NOT NULL CHECK (active IN (0, 1)),
	reject_workflow INTEGER NOT NULL DEFAULT 0 CHECK (reject_workflow IN (0, 1)),
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	doc TEXT NOT NULL  -- further members of the project as Procore shows it
) STRICT;
CREATE INDEX project_company ON project (company_id);

CREATE TABLE member (
	project_id INTEGER NOT NULL REFERENCES project (id),
	person_id INTEGER NOT NULL REFERENCES person (id),
	rfi INTEGER NOT NULL CHECK (rfi BETWEEN 1 AND 4),
	submittal INTEGER NOT NULL CHECK (submittal BETWEEN 1 AND 4),
	directory INTEGER NOT NULL CHECK (directory BETWEEN 1 AND 4),
	PRIMARY KEY (project_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_person ON member (person_id);

CREATE TABLE item (
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('rfi', 'submittal')),
	project_id INTEGER NOT NULL REFERENCES project (id),
	updated_at INTEGER NOT NULL,
	deleted_at INTEGER,                        -- NULL: not in the recycle bin
	doc TEXT NOT NULL  -- the item as show answers it; members named _x stay inside
) STRICT;
CREATE INDEX item_project ON item (project_id, kind, updated_at);

CREATE TABLE approver (
	id INTEGER PRIMARY KEY,  -- approvers[].id of the submittal
	item_id INTEGER NOT NULL REFERENCES item (id)
) STRICT;

CREATE TABLE file (
	uuid TEXT PRIMARY KEY,     -- 26 characters, part of the opaque URL
	company_id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,
	sha256 TEXT NOT NULL,      -- name of the bytes under --files
	bytes INTEGER NOT NULL,
	name TEXT NOT NULL,
	content_type TEXT NOT NULL,
	unavailable_until INTEGER NOT NULL DEFAULT 0,
	can_be_viewed INTEGER NOT NULL DEFAULT 1 CHECK (can_be_viewed IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE upload (
	uuid TEXT PRIMARY KEY,
	person_id INTEGER NOT NULL,
	company_id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,  -- 0: started at company level
	name TEXT NOT NULL,
	content_type TEXT NOT NULL,
	segments TEXT,  -- NULL: one form POST
	sha256 TEXT,                  -- NULL: nothing arrived yet
	bytes INTEGER NOT NULL DEFAULT 0,
	status TEXT NOT NULL CHECK (status IN ('ready', 'complete', 'attached')),
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
	hash TEXT PRIMARY KEY,       -- SHA-256 of the cookie
	person_id INTEGER NOT NULL REFERENCES person (id),
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE code (
	hash TEXT PRIMARY KEY,
	client_id TEXT NOT NULL,
	person_id INTEGER NOT NULL,
	redirect_uri TEXT NOT NULL,
	challenge TEXT NOT NULL,     -- '' when PKCE was not used
	created_at INTEGER NOT NULL,
	used INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE family (
	id INTEGER PRIMARY KEY,      -- all pairs that one authorization led to
	client_id TEXT NOT NULL,
	person_id INTEGER NOT NULL REFERENCES person (id),
	created_at INTEGER NOT NULL,
	ended TEXT NOT NULL DEFAULT ''  -- '' alive; else why: revoked, reuse, app
) STRICT;
CREATE INDEX family_person ON family (person_id, client_id);

CREATE TABLE token (
	id INTEGER PRIMARY KEY,
	family_id INTEGER NOT NULL REFERENCES family (id),
	access_hash TEXT NOT NULL UNIQUE,
	refresh_hash TEXT NOT NULL UNIQUE,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	refresh_used INTEGER NOT NULL DEFAULT 0 CHECK (refresh_used IN (0, 1))
) STRICT;
CREATE INDEX token_family ON token (family_id);

CREATE TABLE rate (
	scope TEXT NOT NULL,         -- client id and company, or client id and person
	seconds INTEGER NOT NULL,    -- length of the window: 10 or 3600
	start INTEGER NOT NULL,
	used INTEGER NOT NULL,
	PRIMARY KEY (scope, seconds)
) STRICT, WITHOUT ROWID;

CREATE TABLE fault (
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('status', 'slow', 'lost_answer', 'cut_body', 'garble')),
	what TEXT NOT NULL,          -- 'refresh', 'token', or ''
	method TEXT NOT NULL,        -- '' any
	prefix TEXT NOT NULL,        -- of the path; '' any
	person TEXT NOT NULL,        -- login whose token it is; '' any
	spec TEXT NOT NULL,
	times INTEGER NOT NULL       -- how often it still happens
) STRICT;

CREATE TABLE call (
	id INTEGER PRIMARY KEY,
	at_ms INTEGER NOT NULL,
	method TEXT NOT NULL,
	path TEXT NOT NULL,
	query TEXT NOT NULL,
	status INTEGER NOT NULL,
	person TEXT NOT NULL,        -- login, '' when unknown
	company_id INTEGER NOT NULL,
	note TEXT NOT NULL           -- grant type, faults that struck
) STRICT;
CREATE INDEX call_at ON call (at_ms);

CREATE TABLE hook (
	id INTEGER PRIMARY KEY,
	company_id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,  -- 0: the whole company
	person_id INTEGER NOT NULL,
	client_id TEXT NOT NULL,
	payload_version TEXT NOT NULL,
	namespace TEXT NOT NULL,
	destination_url TEXT NOT NULL,
	authorization TEXT NOT NULL,
	paused_until_ms INTEGER NOT NULL DEFAULT 0,
	backoff_s INTEGER NOT NULL DEFAULT 0,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE hook_trigger (
	id INTEGER PRIMARY KEY,
	hook_id INTEGER NOT NULL REFERENCES hook (id) ON DELETE CASCADE,
	resource TEXT NOT NULL,
	event TEXT NOT NULL CHECK (event IN ('create', 'update', 'delete')),
	UNIQUE (hook_id, resource, event)
) STRICT;

CREATE TABLE delivery (
	id INTEGER PRIMARY KEY,
	hook_id INTEGER NOT NULL REFERENCES hook (id) ON DELETE CASCADE,
	event_id TEXT NOT NULL,       -- ulid; equal for duplicates
	payload TEXT NOT NULL,
	status TEXT NOT NULL CHECK (status IN ('enqueued', 'retrying', 'delivered', 'discarded')),
	due_ms INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	attempts TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX delivery_due ON delivery (status, due_ms);
