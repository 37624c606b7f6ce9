-- The Project Center stand-in's own database. Times are milliseconds since 1970 UTC (_ms), dates YYYY-MM-DD.
CREATE TABLE setting ( -- one row a switch
	name  TEXT NOT NULL PRIMARY KEY, -- seeded, storage_key, region, session_life_s, url_life_s, clock_offset_s, wrapper
	value TEXT NOT NULL              -- number or text
) STRICT;

CREATE TABLE access_key ( -- service access keys, as generated at newforma.cloud
	access_key TEXT NOT NULL PRIMARY KEY, -- public half
	secret     TEXT NOT NULL              -- throw-away: seed data
) STRICT;

CREATE TABLE session ( -- temporary credentials
	key_id     TEXT NOT NULL PRIMARY KEY, -- accessKeyId
	secret     TEXT NOT NULL,             -- secretAccessKey
	token      TEXT NOT NULL,             -- sessionToken
	expires_ms INTEGER NOT NULL           -- refused from then on
) STRICT;

CREATE TABLE project ( -- projects of all servers
	id     TEXT NOT NULL PRIMARY KEY, -- GUID
	key    TEXT NOT NULL UNIQUE,      -- of the seed data
	name   TEXT NOT NULL,             -- as shown
	number TEXT NOT NULL,             -- the firm's
	server TEXT NOT NULL              -- name of the Project Center server
) STRICT;

CREATE TABLE contact ( -- people a project knows
	id         TEXT NOT NULL PRIMARY KEY,              -- ct-...
	project_id TEXT NOT NULL REFERENCES project (id),  -- of which project
	user       TEXT NOT NULL,                          -- key of the seed data; '' when added by hand
	name       TEXT NOT NULL,                          -- as shown
	email      TEXT NOT NULL,                          -- main address
	company    TEXT NOT NULL,                          -- '' not known
	is_firm    INTEGER NOT NULL CHECK (is_firm IN (0, 1)),           -- 1: one of the firm's own
	removed    INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1))  -- 1: gone, kept for old items
) STRICT;
CREATE INDEX contact_project ON contact (project_id, name);

CREATE TABLE contact_email ( -- further addresses a contact answers to
	contact_id TEXT NOT NULL REFERENCES contact (id), -- whose
	email      TEXT NOT NULL,                         -- address
	PRIMARY KEY (contact_id, email)
) STRICT;

CREATE TABLE keyword ( -- editable words of the keyword lists
	id          INTEGER NOT NULL PRIMARY KEY, -- kw-ID outside
	project_id  TEXT REFERENCES project (id), -- NULL: in the lists of all projects
	list        TEXT NOT NULL,                -- name of the list
	name        TEXT NOT NULL,                -- as shown, may change
	description TEXT NOT NULL,                -- '' none
	type        TEXT NOT NULL                 -- Receive, Forward, Record a Response, Respond and Close, Any
) STRICT;

CREATE TABLE item ( -- RFIs and submittals
	id            TEXT NOT NULL PRIMARY KEY,                             -- it-...
	project_id    TEXT NOT NULL REFERENCES project (id),                 -- where it is
	kind          TEXT NOT NULL CHECK (kind IN ('rfi', 'submittal')),    -- which of both
	number        TEXT NOT NULL, -- Project Center's own, RFI-0123 or S-0045
	external_id   TEXT,          -- the caller's name of it; NULL: logged in Project Center itself
	sender_id     TEXT NOT NULL, -- the sender's number
	subject       TEXT NOT NULL, -- subject or title
	body          TEXT NOT NULL, -- question or description
	remarks       TEXT NOT NULL DEFAULT '', -- written by people here
	status        TEXT NOT NULL DEFAULT 'Open' CHECK (status IN ('Open', 'Closed')), -- Open or Closed
	closed_by     TEXT CHECK (closed_by IN ('close', 'respond_and_close', 'send_and_close')), -- NULL: open
	from_json     TEXT,          -- object Party of the contract; NULL: not known
	due_date      TEXT,          -- NULL: none
	received_date TEXT NOT NULL, -- when it came in
	spec_json     TEXT,          -- object SpecSection; NULL: none
	item_type     TEXT,          -- Shop Drawing and the like; NULL: none
	source_json   TEXT,          -- object Source; NULL: logged in Project Center itself
	previous_id   TEXT REFERENCES item (id), -- earlier revision; NULL: the first
	created_ms    INTEGER NOT NULL,           -- when made
	updated_ms    INTEGER NOT NULL,           -- last change, strictly growing
	closed_ms     INTEGER,                    -- NULL: open
	version       INTEGER NOT NULL DEFAULT 1, -- grows with every change
	UNIQUE (project_id, external_id),
	UNIQUE (project_id, kind, number)
) STRICT;
CREATE INDEX item_changed ON item (project_id, updated_ms, id);
CREATE INDEX item_previous ON item (previous_id);

CREATE TABLE item_to ( -- in whose court an item is
	item_id    TEXT NOT NULL REFERENCES item (id),    -- item
	position   INTEGER NOT NULL,                      -- order, from 0
	contact_id TEXT NOT NULL REFERENCES contact (id), -- person
	PRIMARY KEY (item_id, position)
) STRICT;

CREATE TABLE response ( -- answers: by Respond and Close, or recorded only
	id             TEXT NOT NULL PRIMARY KEY,           -- rs-...
	item_id        TEXT NOT NULL REFERENCES item (id),  -- of which item
	sequence       INTEGER NOT NULL,                    -- count within the item, from 1
	action         TEXT NOT NULL,                       -- the keyword's name at that time
	action_id      INTEGER NOT NULL,                    -- keyword.id
	text           TEXT NOT NULL,                       -- what was written
	contact_id     TEXT NOT NULL REFERENCES contact (id), -- who
	responder_json TEXT NOT NULL,                       -- the contact as it was
	responded_ms   INTEGER NOT NULL,                    -- when
	closes         INTEGER NOT NULL CHECK (closes IN (0, 1)), -- 0: recorded, the item stays open
	UNIQUE (item_id, sequence)
) STRICT;

CREATE TABLE file ( -- uploads and what became of them
	id           TEXT NOT NULL PRIMARY KEY,             -- fl-..., also its name in the files folder
	project_id   TEXT NOT NULL REFERENCES project (id), -- of which project
	name         TEXT NOT NULL,                         -- without a path
	content_type TEXT NOT NULL,                         -- as announced
	size         INTEGER NOT NULL,                      -- bytes announced
	sha256       TEXT NOT NULL,                         -- hash announced, hex
	state        TEXT NOT NULL CHECK (state IN ('waiting', 'received')), -- whether the bytes are here
	created_ms   INTEGER NOT NULL                       -- when announced
) STRICT;

CREATE TABLE item_file ( -- attachments
	item_id     TEXT NOT NULL REFERENCES item (id), -- to what
	file_id     TEXT NOT NULL REFERENCES file (id), -- which
	response_id TEXT REFERENCES response (id),      -- NULL: of the item itself
	added_ms    INTEGER NOT NULL,                   -- when
	PRIMARY KEY (item_id, file_id)
) STRICT;
CREATE INDEX item_file_response ON item_file (response_id);
CREATE INDEX item_file_file ON item_file (file_id);

CREATE TABLE idempotency ( -- what each key has made
	project_id  TEXT NOT NULL,    -- keys are unique within a project
	key         TEXT NOT NULL,    -- the caller's
	body_sha256 TEXT NOT NULL,    -- of the first body, compact JSON
	result_id   TEXT NOT NULL,    -- item or file
	created_ms  INTEGER NOT NULL, -- when
	PRIMARY KEY (project_id, key)
) STRICT;

CREATE TABLE fault ( -- what shall go wrong next
	id       INTEGER NOT NULL PRIMARY KEY,                                      -- order
	kind     TEXT NOT NULL CHECK (kind IN ('status', 'lost', 'cut', 'slow')),   -- how
	method   TEXT NOT NULL,    -- '' any
	prefix   TEXT NOT NULL,    -- of the path
	times    INTEGER NOT NULL, -- how often it still strikes
	status   INTEGER NOT NULL, -- kind status; else 0
	retry_s  INTEGER NOT NULL, -- Retry-After; 0 none
	delay_ms INTEGER NOT NULL  -- kind slow; else 0
) STRICT;

CREATE TABLE call ( -- what callers of the interface did, for tests and for the control page
	id      INTEGER NOT NULL PRIMARY KEY, -- order
	at_ms   INTEGER NOT NULL, -- when, by the stand-in's clock
	method  TEXT NOT NULL,    -- GET POST PATCH PUT ...
	path    TEXT NOT NULL,    -- decoded
	query   TEXT NOT NULL,    -- as sent; '' for signed addresses
	status  INTEGER NOT NULL, -- answered
	code    TEXT NOT NULL,    -- of an error; '' none
	fault   TEXT NOT NULL     -- kind of the fault that struck; '' none
) STRICT;
