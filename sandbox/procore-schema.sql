-- Everything that the Procore stand-in remembers. One file, shared by its processes.
-- Times are seconds since 1970 UTC unless the name ends in _ms. Levels of a tool: 1 None, 2 Read Only,
-- 3 Standard, 4 Admin (procore.md 4; the number of Admin is known, the others are assumed).

CREATE TABLE setting ( -- switches; names with _ in front are the stand-in's own
	name TEXT PRIMARY KEY,  -- as in sandbox/README.md
	value TEXT NOT NULL     -- number or text
) STRICT, WITHOUT ROWID;

CREATE TABLE app ( -- registered OAuth clients
	client_id TEXT PRIMARY KEY,  -- public
	secret TEXT NOT NULL,        -- throw-away: seed data, or reset
	name TEXT NOT NULL,          -- on the consent page
	version_key TEXT NOT NULL,   -- what a company admin pastes to install it
	redirect_uris TEXT NOT NULL  -- JSON array of exact URIs
) STRICT, WITHOUT ROWID;

CREATE TABLE company ( -- Procore companies: contractors
	id INTEGER PRIMARY KEY,   -- up to 15 digits
	name TEXT NOT NULL,       -- as shown
	statuses TEXT NOT NULL,   -- JSON: submittal statuses {id,name,status}
	types TEXT NOT NULL,      -- JSON: submittal types {id,name,translated_name}
	responses TEXT NOT NULL   -- JSON: submittal responses {id,name,considered}
) STRICT;

CREATE TABLE app_company ( -- which app is installed at which company
	client_id TEXT NOT NULL,                              -- of app
	company_id INTEGER NOT NULL REFERENCES company (id),  -- where
	connected INTEGER NOT NULL CHECK (connected IN (0, 1)),  -- 0: disconnected in App Management
	PRIMARY KEY (client_id, company_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE person ( -- one row a Procore login, of all companies
	id INTEGER PRIMARY KEY,                      -- as /me answers it
	login TEXT NOT NULL COLLATE NOCASE UNIQUE,   -- e-mail address
	password TEXT NOT NULL,                      -- throw-away: seed data
	first_name TEXT NOT NULL,                    -- given name
	last_name TEXT NOT NULL,                     -- family name
	job_title TEXT NOT NULL,                     -- in the directory
	vendor_id INTEGER NOT NULL,                  -- their firm in directories
	vendor_name TEXT NOT NULL,                   -- its name
	active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),  -- 0: deactivated
	idp INTEGER NOT NULL DEFAULT 0 CHECK (idp IN (0, 1))         -- 1: signs in at an identity provider
) STRICT;

CREATE TABLE company_member ( -- who is in whose directory
	company_id INTEGER NOT NULL REFERENCES company (id),   -- directory
	person_id INTEGER NOT NULL REFERENCES person (id),     -- entry
	admin INTEGER NOT NULL CHECK (admin IN (0, 1)),        -- 1: admin of the company
	PRIMARY KEY (company_id, person_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE project ( -- Procore projects
	id INTEGER PRIMARY KEY,                               -- above 2^32
	company_id INTEGER NOT NULL REFERENCES company (id),  -- owner
	name TEXT NOT NULL,                                   -- as shown
	number TEXT NOT NULL,                                 -- project_number
	active INTEGER NOT NULL CHECK (active IN (0, 1)),     -- for filters[by_status]
	reject_workflow INTEGER NOT NULL DEFAULT 0 CHECK (reject_workflow IN (0, 1)),  -- option of its Submittals tool
	created_at INTEGER NOT NULL,                          -- when made
	updated_at INTEGER NOT NULL,                          -- last change
	doc TEXT NOT NULL                                     -- JSON: further members as Procore shows them
) STRICT;
CREATE INDEX project_company ON project (company_id);

CREATE TABLE member ( -- who is in which project, with which levels
	project_id INTEGER NOT NULL REFERENCES project (id),            -- where
	person_id INTEGER NOT NULL REFERENCES person (id),              -- who
	rfi INTEGER NOT NULL CHECK (rfi BETWEEN 1 AND 4),               -- level of RFIs
	submittal INTEGER NOT NULL CHECK (submittal BETWEEN 1 AND 4),   -- level of Submittals
	directory INTEGER NOT NULL CHECK (directory BETWEEN 1 AND 4),   -- level of Directory
	PRIMARY KEY (project_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_person ON member (person_id);

CREATE TABLE item ( -- RFIs and submittals
	id INTEGER PRIMARY KEY,                                     -- as in the API
	kind TEXT NOT NULL CHECK (kind IN ('rfi', 'submittal')),    -- tool
	project_id INTEGER NOT NULL REFERENCES project (id),        -- where
	updated_at INTEGER NOT NULL,                                -- what filters[updated_at] compares
	deleted_at INTEGER,                                         -- NULL: not in the recycle bin
	doc TEXT NOT NULL                                           -- JSON as show answers it; members named _x stay inside
) STRICT;
CREATE INDEX item_project ON item (project_id, kind, updated_at);

CREATE TABLE approver ( -- rows of submittal workflows, found by their id
	id INTEGER PRIMARY KEY,                           -- approvers[].id of the submittal
	item_id INTEGER NOT NULL REFERENCES item (id)     -- the submittal
) STRICT;
CREATE INDEX approver_item ON approver (item_id);

CREATE TABLE file ( -- stored files that attachments name
	uuid TEXT PRIMARY KEY,         -- 26 characters, part of the opaque URL
	company_id INTEGER NOT NULL,   -- part of the URL
	project_id INTEGER NOT NULL,   -- who may fetch it: its people
	sha256 TEXT NOT NULL,          -- name of the bytes under --files
	bytes INTEGER NOT NULL,        -- size
	name TEXT NOT NULL,            -- file name
	content_type TEXT NOT NULL,    -- as uploaded
	unavailable_until INTEGER NOT NULL DEFAULT 0,                              -- still processed until then
	can_be_viewed INTEGER NOT NULL DEFAULT 1 CHECK (can_be_viewed IN (0, 1))   -- as attachments say it
) STRICT, WITHOUT ROWID;

CREATE TABLE upload ( -- direct uploads
	uuid TEXT PRIMARY KEY,         -- what upload_ids name
	person_id INTEGER NOT NULL,    -- the only one who may use it
	company_id INTEGER NOT NULL,   -- where it was started
	project_id INTEGER NOT NULL,   -- 0: at company level
	name TEXT NOT NULL,            -- response_filename
	content_type TEXT NOT NULL,    -- response_content_type
	segments TEXT,                 -- JSON; NULL: one form POST
	sha256 TEXT,                   -- NULL: nothing arrived yet
	bytes INTEGER NOT NULL DEFAULT 0,   -- size of what arrived
	status TEXT NOT NULL CHECK (status IN ('ready', 'complete', 'attached')),  -- how far it is
	created_at INTEGER NOT NULL    -- start: bytes within an hour, use within a week
) STRICT, WITHOUT ROWID;

CREATE TABLE session ( -- browsers that are signed in
	hash TEXT PRIMARY KEY,                               -- SHA-256 of the cookie
	person_id INTEGER NOT NULL REFERENCES person (id),   -- who
	created_at INTEGER NOT NULL                          -- since when
) STRICT, WITHOUT ROWID;

CREATE TABLE code ( -- authorization codes
	hash TEXT PRIMARY KEY,         -- SHA-256 of the code
	client_id TEXT NOT NULL,       -- for which app
	person_id INTEGER NOT NULL,    -- who allowed it
	redirect_uri TEXT NOT NULL,    -- must be repeated
	challenge TEXT NOT NULL,       -- PKCE S256; '' when not used
	created_at INTEGER NOT NULL,   -- lives ten minutes
	used INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1))   -- single use
) STRICT, WITHOUT ROWID;

CREATE TABLE family ( -- all token pairs that one authorization led to
	id INTEGER PRIMARY KEY,                              -- own number
	client_id TEXT NOT NULL,                             -- app
	person_id INTEGER NOT NULL REFERENCES person (id),   -- whose
	created_at INTEGER NOT NULL,                         -- since when
	ended TEXT NOT NULL DEFAULT ''                       -- '' alive; else why: revoked, reuse
) STRICT;
CREATE INDEX family_person ON family (person_id, client_id);

CREATE TABLE token ( -- pairs
	id INTEGER PRIMARY KEY,                              -- own number
	family_id INTEGER NOT NULL REFERENCES family (id),   -- authorization
	access_hash TEXT NOT NULL UNIQUE,                    -- SHA-256
	refresh_hash TEXT NOT NULL UNIQUE,                   -- SHA-256
	created_at INTEGER NOT NULL,                         -- when issued
	expires_at INTEGER NOT NULL,                         -- of the access token
	refresh_used INTEGER NOT NULL DEFAULT 0 CHECK (refresh_used IN (0, 1))  -- 1: spent
) STRICT;
CREATE INDEX token_family ON token (family_id);

CREATE TABLE rate ( -- counters of the limits
	scope TEXT NOT NULL,         -- client id and company, or client id and person
	seconds INTEGER NOT NULL,    -- length of the window: 10 or 3600
	start INTEGER NOT NULL,      -- of the current window
	used INTEGER NOT NULL,       -- calls in it
	PRIMARY KEY (scope, seconds)
) STRICT, WITHOUT ROWID;

CREATE TABLE fault ( -- what shall go wrong
	id INTEGER PRIMARY KEY,      -- order
	kind TEXT NOT NULL CHECK (kind IN ('status', 'slow', 'lost_answer', 'cut_body', 'garble')),  -- how
	what TEXT NOT NULL,          -- 'refresh', 'token', or ''
	method TEXT NOT NULL,        -- '' any
	prefix TEXT NOT NULL,        -- of the path; '' any
	person TEXT NOT NULL,        -- login whose token it is; '' any
	spec TEXT NOT NULL,          -- JSON as posted
	times INTEGER NOT NULL       -- how often it still happens
) STRICT;

CREATE TABLE call ( -- log of all calls but those of the control API
	id INTEGER PRIMARY KEY,      -- order
	at_ms INTEGER NOT NULL,      -- when answered
	method TEXT NOT NULL,        -- of the request
	path TEXT NOT NULL,          -- decoded
	query TEXT NOT NULL,         -- as sent
	status INTEGER NOT NULL,     -- as answered, before the answer was lost
	person TEXT NOT NULL,        -- login, '' when unknown
	company_id INTEGER NOT NULL, -- Procore-Company-Id, 0: none
	note TEXT NOT NULL           -- grant type, faults that struck
) STRICT;
CREATE INDEX call_at ON call (at_ms);

CREATE TABLE hook ( -- webhooks
	id INTEGER PRIMARY KEY,          -- as in the API
	company_id INTEGER NOT NULL,     -- scope
	project_id INTEGER NOT NULL,     -- 0: the whole company
	person_id INTEGER NOT NULL,      -- who made it
	client_id TEXT NOT NULL,         -- with which app
	payload_version TEXT NOT NULL,   -- v2, v2.0, v3.0, v4.0
	namespace TEXT NOT NULL,         -- one an app
	destination_url TEXT NOT NULL,   -- https
	authorization TEXT NOT NULL,     -- secret that is sent along
	disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),   -- by Procore: nothing is sent
	paused_until_ms INTEGER NOT NULL DEFAULT 0,   -- after a failure
	backoff_s INTEGER NOT NULL DEFAULT 0,         -- length of the last pause
	created_at INTEGER NOT NULL,     -- when made
	updated_at INTEGER NOT NULL      -- last change
) STRICT;

CREATE TABLE hook_trigger ( -- what a hook wants to hear
	id INTEGER PRIMARY KEY,                                               -- as in the API
	hook_id INTEGER NOT NULL REFERENCES hook (id) ON DELETE CASCADE,      -- whose
	resource TEXT NOT NULL,                                               -- RFIs, Submittals ...
	event TEXT NOT NULL CHECK (event IN ('create', 'update', 'delete')),  -- which change
	UNIQUE (hook_id, resource, event)
) STRICT;

CREATE TABLE delivery ( -- events on their way to hooks
	id INTEGER PRIMARY KEY,                                            -- order
	hook_id INTEGER NOT NULL REFERENCES hook (id) ON DELETE CASCADE,   -- to whom
	event_id TEXT NOT NULL,       -- ulid; equal for duplicates
	payload TEXT NOT NULL,        -- JSON as posted
	status TEXT NOT NULL CHECK (status IN ('enqueued', 'retrying', 'delivered', 'discarded')),  -- how far it is
	due_ms INTEGER NOT NULL,      -- not before
	created_at INTEGER NOT NULL,  -- when it happened
	attempts TEXT NOT NULL DEFAULT '[]'   -- JSON: delivery_attempts
) STRICT;
CREATE INDEX delivery_due ON delivery (status, due_ms);
CREATE INDEX delivery_hook ON delivery (hook_id);
