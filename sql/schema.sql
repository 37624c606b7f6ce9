-- The schema after all migrations, for reading and for comparing: made by sql/snapshot, never edited and
-- never run. A table stands with its indexes and triggers.

CREATE TABLE account (           -- one Procore login; the life of its sign-in
	id            INTEGER PRIMARY KEY, -- ours
	public_id     TEXT NOT NULL UNIQUE CHECK (length(public_id) = 32), -- random hex, in links
	login         TEXT NOT NULL,       -- as Procore or a person wrote it
	login_folded  TEXT NOT NULL UNIQUE, -- lower case, blanks trimmed
	procore_user_id INTEGER UNIQUE,    -- NULL: not known before the first sign-in
	name          TEXT NOT NULL DEFAULT '', -- Procore's display name
	mail          TEXT NOT NULL DEFAULT '', -- where the link goes when no person is joined; '' the login if it is an address
	state         TEXT NOT NULL DEFAULT 'needed' CHECK (state IN
	              ('needed', 'ok', 'suspect', 'lost', 'removed')), -- needed: never signed in; suspect: refresh answer lost
	cause         TEXT NOT NULL DEFAULT 'sign_in_needed', -- word of core/cause; 'none' when ok
	cause_text    TEXT NOT NULL DEFAULT '', -- detail for people, without secrets
	since_at      INTEGER NOT NULL,    -- when the state began
	generation    INTEGER NOT NULL DEFAULT 0, -- grows with each stored token pair, also when a token is dropped
	access_expires_at  INTEGER,        -- NULL: no token; on our clock, corrected by the server's Date
	refresh_due_at INTEGER,            -- NULL: none planned
	last_refresh_at INTEGER,           -- NULL: never
	proved_at     INTEGER,             -- last call that worked; NULL: never
	idle_check_at INTEGER,             -- next daily proof of an unused account; NULL: none planned
	created_at    INTEGER NOT NULL -- first named here
) STRICT;

CREATE INDEX account_refresh_due ON account (refresh_due_at) WHERE refresh_due_at IS NOT NULL;

CREATE TABLE attempt (           -- one-time OAuth state (DESIGN.md 7 Reconnect)
	id            INTEGER PRIMARY KEY, -- ours
	state_sha256  BLOB NOT NULL UNIQUE CHECK (length(state_sha256) = 32), -- of the one-time state; the state itself is never stored
	purpose       TEXT NOT NULL CHECK (purpose IN ('reconnect', 'add_bic', 'connect', 'hand_over')), -- what the sign-in is for
	account_id    INTEGER REFERENCES account (id), -- expected account; NULL: connect (whoever signs in)
	connection_id INTEGER REFERENCES connection (id), -- where one came from; NULL: none
	user_name     TEXT NOT NULL,  -- who pressed the button
	cookie_sha256 BLOB NOT NULL,  -- binds to the browser
	return_to     TEXT NOT NULL,  -- path below public_url, from a closed list of forms
	created_at    INTEGER NOT NULL, -- button pressed
	expires_at    INTEGER NOT NULL, -- 15 minutes later
	consumed_at   INTEGER,        -- NULL: open
	outcome       TEXT NOT NULL DEFAULT '' -- word of core/oauth_finish; '' while open
) STRICT;

CREATE INDEX attempt_expires ON attempt (expires_at);

CREATE TABLE audit (             -- who changed what; sealed in order by the worker (DESIGN.md 9)
	id        INTEGER PRIMARY KEY, -- order of the trail
	at        INTEGER NOT NULL, -- when
	actor     TEXT NOT NULL,     -- person's user name, 'worker', 'connectorctl'
	action    TEXT NOT NULL,     -- word: account.reconnect, bic.add, issue.dismiss, ...
	target    TEXT NOT NULL,     -- "connection 12", "account 4"
	detail    TEXT NOT NULL DEFAULT '{}', -- JSON, never a secret
	mac       BLOB               -- HMAC over the row and the row before; NULL: not sealed yet
) STRICT;

CREATE INDEX audit_at ON audit (at);

CREATE INDEX audit_target ON audit (target, id);

CREATE INDEX audit_unsealed ON audit (id) WHERE mac IS NULL;

CREATE TABLE audit_denied (      -- denied POSTs: at most one audit row a minute per person and target
	user_name TEXT NOT NULL, -- who
	target    TEXT NOT NULL, -- what was denied
	last_at   INTEGER NOT NULL, -- last row written for it
	PRIMARY KEY (user_name, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE bic (               -- a ball-in-court seat of a connection
	id            INTEGER PRIMARY KEY, -- ours
	connection_id INTEGER NOT NULL REFERENCES connection (id), -- project
	account_id    INTEGER NOT NULL REFERENCES account (id), -- who sits there
	position      INTEGER NOT NULL, -- failover order, from 1
	state         TEXT NOT NULL DEFAULT 'unchecked' CHECK (state IN
	              ('unchecked', 'ok', 'permission_lost', 'no_contact')), -- apart from the account's sign-in
	state_text    TEXT NOT NULL DEFAULT '', -- which permission, which tool; for people
	rfi_level     TEXT NOT NULL DEFAULT '', -- Procore's level on RFIs; '' not asked yet
	submittal_level TEXT NOT NULL DEFAULT '', -- the same on Submittals
	npc_contact_id TEXT NOT NULL DEFAULT '', -- '' none found
	checked_at    INTEGER,          -- NULL: never
	added_by      TEXT NOT NULL DEFAULT '', -- person's user name; '' import
	added_at      INTEGER NOT NULL, -- seat made
	removed_at    INTEGER           -- NULL: in use
) STRICT;

CREATE INDEX bic_account ON bic (account_id);

CREATE INDEX bic_order ON bic (connection_id, position);

CREATE UNIQUE INDEX bic_seat ON bic (connection_id, account_id) WHERE removed_at IS NULL;

CREATE TABLE bic_check (         -- what is found out about a login before it is given a seat
	id            INTEGER PRIMARY KEY, -- ours
	connection_id INTEGER NOT NULL REFERENCES connection (id), -- where the seat would be
	account_id    INTEGER NOT NULL REFERENCES account (id), -- who would sit there
	asked_by      TEXT NOT NULL,    -- person's user name
	asked_at      INTEGER NOT NULL, -- when
	checked_at    INTEGER,          -- NULL: being checked
	member        TEXT NOT NULL DEFAULT 'unknown' CHECK (member IN ('unknown', 'yes', 'no')), -- of the Procore project
	contact       TEXT NOT NULL DEFAULT 'unknown' CHECK (contact IN ('unknown', 'yes', 'no')), -- of the NPC project
	rfi_level     TEXT NOT NULL DEFAULT '', -- Procore's level on RFIs; '' not known
	submittal_level TEXT NOT NULL DEFAULT '', -- the same on Submittals
	waits         TEXT NOT NULL DEFAULT '', -- which service does not answer; for people
	UNIQUE (connection_id, account_id)
) STRICT;

CREATE TABLE browse_list (       -- a list that Connect a project chooses from: asked for by a page, read by the worker
	account_id INTEGER NOT NULL, -- whose sign-in reads it; 0: Project Center's
	kind       TEXT NOT NULL CHECK (kind IN ('npc_project', 'company', 'project')), -- what is listed
	parent_id  INTEGER NOT NULL, -- kind project: Procore's company; else 0
	wanted_at  INTEGER NOT NULL, -- last asked for
	read_at    INTEGER NOT NULL DEFAULT 0, -- end of the last try; 0: none yet
	error      TEXT NOT NULL DEFAULT '', -- why the last try did not work, for people; '' it did
	PRIMARY KEY (account_id, kind, parent_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE browse_row (        -- what stands in such a list, as last read
	account_id INTEGER NOT NULL, -- of browse_list
	kind       TEXT NOT NULL,    -- of browse_list
	parent_id  INTEGER NOT NULL, -- of browse_list
	remote_id  TEXT NOT NULL,    -- id on the other side
	number     TEXT NOT NULL,    -- project number; '' none
	name       TEXT NOT NULL,    -- as the other side writes it
	extra      TEXT NOT NULL,    -- Project Center: the server; Procore: the town; '' none
	seen_at    INTEGER NOT NULL, -- last read with this row in it
	PRIMARY KEY (account_id, kind, parent_id, remote_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget (            -- what Procore's rate headers last said, per token and company
	account_id  INTEGER NOT NULL REFERENCES account (id), -- whose token
	company_id  INTEGER NOT NULL, -- 0: calls without a company
	limit_n     INTEGER NOT NULL, -- X-Rate-Limit-Limit of the long window, an hour; 0 not told yet
	remaining   INTEGER NOT NULL, -- X-Rate-Limit-Remaining of it, less what was sent since
	reset_at    INTEGER NOT NULL, -- X-Rate-Limit-Reset of it on our clock
	spike_limit_n   INTEGER NOT NULL DEFAULT 0, -- the same of the short window, some seconds; 0 not told yet
	spike_remaining INTEGER NOT NULL DEFAULT 0, -- of the short window
	spike_reset_at  INTEGER NOT NULL DEFAULT 0, -- of the short window
	seen_at     INTEGER NOT NULL, -- when the headers came
	blocked_until_at INTEGER,    -- after a 429 or 503; NULL: free
	PRIMARY KEY (account_id, company_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE call_evidence (     -- last calls around a loss, redacted; kept per account in a ring
	id         INTEGER PRIMARY KEY, -- order of calls
	account_id INTEGER NOT NULL REFERENCES account (id), -- whose token
	at         INTEGER NOT NULL, -- end of the call
	company_id INTEGER NOT NULL DEFAULT 0, -- Procore's company that the call was for; 0 none
	project_id INTEGER NOT NULL DEFAULT 0, -- Procore's project that the call was for; 0 none
	call       TEXT NOT NULL,    -- method and path without query values
	stage      TEXT NOT NULL,    -- http stage
	status     INTEGER NOT NULL, -- 0 none
	request_id TEXT NOT NULL DEFAULT '', -- Procore's X-Request-Id
	answer     TEXT NOT NULL DEFAULT ''  -- head of an error body, redacted
) STRICT;

CREATE INDEX call_evidence_account ON call_evidence (account_id, id);

CREATE TABLE company (           -- a Procore company: is our app connected there?
	procore_company_id INTEGER NOT NULL PRIMARY KEY, -- Procore's
	name      TEXT NOT NULL DEFAULT '', -- Procore's
	app_state TEXT NOT NULL DEFAULT 'unknown' CHECK (app_state IN ('unknown', 'ok', 'not_connected')), -- unknown: not asked yet
	since_at  INTEGER NOT NULL, -- when app_state began
	next_try_at INTEGER          -- NULL: ask as usual; else no call to this company before
) STRICT;

CREATE TABLE connection (        -- one NPC project joined to one Procore project
	id                 INTEGER PRIMARY KEY, -- ours
	connector_type     TEXT NOT NULL DEFAULT 'procore' CHECK (connector_type IN ('procore')), -- the other system
	npc_project_id     TEXT NOT NULL, -- opaque, at most 255 bytes
	npc_number         TEXT NOT NULL DEFAULT '', -- project number in NPC
	npc_name           TEXT NOT NULL, -- project name in NPC
	npc_server         TEXT NOT NULL DEFAULT '', -- Project Center server that holds the project
	procore_company_id INTEGER NOT NULL REFERENCES company (procore_company_id), -- the contractor
	procore_project_id INTEGER NOT NULL, -- Procore's
	procore_number     TEXT NOT NULL DEFAULT '', -- project number in Procore
	procore_name       TEXT NOT NULL, -- project name in Procore
	state              TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disconnected')), -- paused: by a person, keeps its marks; disconnected: keeps its links, or is being set up (created_by is '')
	poll_minutes       INTEGER CHECK (poll_minutes BETWEEN 1 AND 120), -- NULL: the installation's
	webhooks           INTEGER NOT NULL DEFAULT 0 CHECK (webhooks IN (0, 1)), -- real-time sync wanted
	sync_from_at       INTEGER NOT NULL, -- items created before are listed, not imported
	last_sync_at       INTEGER,          -- last complete pass of both kinds and directions; NULL: never
	next_sync_at       INTEGER,          -- planned; NULL: none (paused)
	sync_error         TEXT NOT NULL DEFAULT '', -- why the last pass did not complete; '' it did
	sync_requested_at  INTEGER,          -- last press of Sync now (once a minute); NULL: never
	idle_passes        INTEGER NOT NULL DEFAULT 0, -- passes in a row that found nothing: adaptive polling
	created_by         TEXT NOT NULL DEFAULT '', -- person's user name or 'import'; '' while it is being set up
	created_at         INTEGER NOT NULL, -- connected or imported
	changed_at         INTEGER NOT NULL -- last edit of settings or state
) STRICT;

CREATE INDEX connection_company ON connection (procore_company_id);

CREATE INDEX connection_name ON connection (npc_number, npc_name, id);

CREATE UNIQUE INDEX connection_npc ON connection (npc_project_id) WHERE state <> 'disconnected';

CREATE UNIQUE INDEX connection_procore ON connection (procore_project_id) WHERE state <> 'disconnected';

CREATE TABLE effect (            -- journal: intent, call, result (STYLE.md 8)
	id          INTEGER PRIMARY KEY, -- order of intents
	key         TEXT NOT NULL UNIQUE, -- what makes it the same effect: "npc.create:rfi:4242"
	connection_id INTEGER NOT NULL REFERENCES connection (id), -- project
	item_id     INTEGER REFERENCES item (id), -- NULL: concerns no item
	kind        TEXT NOT NULL,   -- word of core/sync
	account_id  INTEGER REFERENCES account (id), -- whose token; NULL: npc side
	state       TEXT NOT NULL CHECK (state IN ('intent', 'unknown', 'done', 'refused')), -- unknown: sent, answer lost
	request     TEXT NOT NULL DEFAULT '{}', -- JSON enough to look for it or do it again
	result      TEXT NOT NULL DEFAULT '',   -- id on the other side
	tries       INTEGER NOT NULL DEFAULT 0, -- calls made
	look_at     INTEGER,         -- unknown: when to look on the other side; NULL otherwise
	created_at  INTEGER NOT NULL, -- intent committed
	called_at   INTEGER,         -- NULL: not called yet
	done_at     INTEGER,         -- NULL: open
	detail      TEXT NOT NULL DEFAULT '' -- last answer in short
) STRICT;

CREATE INDEX effect_item ON effect (item_id);

CREATE INDEX effect_open ON effect (connection_id, id) WHERE state IN ('intent', 'unknown');

CREATE TABLE hand_over (         -- an admin allows a different Procore account on a seat
	id          INTEGER PRIMARY KEY, -- ours
	account_id  INTEGER NOT NULL REFERENCES account (id), -- the seat's account at the approval
	connection_id INTEGER REFERENCES connection (id), -- the seat's project; NULL: all seats of the account
	new_login   TEXT NOT NULL,   -- folded login that may sign in instead
	approved_by TEXT NOT NULL,   -- person's user name
	approved_at INTEGER NOT NULL, -- when
	used_at     INTEGER,         -- NULL: not yet
	withdrawn_at INTEGER         -- NULL: stands
) STRICT;

CREATE INDEX hand_over_account ON hand_over (account_id);

CREATE TABLE hook_event (        -- received webhooks, deduplicated
	id          INTEGER PRIMARY KEY, -- order of arrival
	dedupe      TEXT NOT NULL UNIQUE, -- ulid or id
	received_at INTEGER NOT NULL, -- on our clock
	procore_company_id INTEGER NOT NULL, -- Procore's
	procore_project_id INTEGER NOT NULL, -- Procore's; 0 none
	resource    TEXT NOT NULL, -- Procore's resource name
	resource_id INTEGER NOT NULL, -- Procore's id of what changed
	event       TEXT NOT NULL, -- create, update or delete
	user_id     INTEGER NOT NULL DEFAULT 0, -- who changed it; 0 not told
	application_id TEXT NOT NULL DEFAULT '', -- source_application_id: our own changes carry our client id
	handled_at  INTEGER          -- NULL: waiting
) STRICT;

CREATE INDEX hook_event_waiting ON hook_event (procore_project_id) WHERE handled_at IS NULL;

CREATE TABLE incident (          -- one at a time an account, company or service; who was told
	id          INTEGER PRIMARY KEY, -- ours
	subject     TEXT NOT NULL CHECK (subject IN ('account', 'permission', 'company', 'service')), -- what is out of order; permission: an account's, at Procore
	subject_id  TEXT NOT NULL,   -- account.id (also for permission), procore_company_id or service.name as text
	cause       TEXT NOT NULL,   -- word of core/cause
	detail      TEXT NOT NULL DEFAULT '', -- sentence for people
	opened_at   INTEGER NOT NULL, -- proof of the loss
	closed_at   INTEGER,         -- NULL: open
	told_at     INTEGER,         -- first mail queued; NULL: not yet
	reminders   INTEGER NOT NULL DEFAULT 0, -- sent so far
	next_reminder_at INTEGER     -- NULL: no more
) STRICT;

CREATE UNIQUE INDEX incident_open ON incident (subject, subject_id) WHERE closed_at IS NULL;

CREATE INDEX incident_reminder ON incident (next_reminder_at) WHERE closed_at IS NULL AND next_reminder_at IS NOT NULL;

CREATE TABLE issue (             -- Sync Issues
	id            INTEGER PRIMARY KEY, -- ours
	connection_id INTEGER NOT NULL REFERENCES connection (id), -- project
	item_id       INTEGER REFERENCES item (id), -- NULL: the connection as a whole
	direction     TEXT NOT NULL CHECK (direction IN ('to_npc', 'to_procore', 'none')), -- where it was going
	code          TEXT NOT NULL, -- word of core/plan or core/cause
	message       TEXT NOT NULL, -- sentence for people
	remedy        TEXT NOT NULL DEFAULT '', -- who can mend it and how; '' nothing to do
	state         TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'cleared', 'dismissed')), -- cleared: by itself
	tries         INTEGER NOT NULL DEFAULT 1, -- failures so far
	first_at      INTEGER NOT NULL, -- first failure
	last_at       INTEGER NOT NULL, -- latest failure
	ended_at      INTEGER,       -- NULL: open
	ended_by      TEXT NOT NULL DEFAULT '', -- person for a dismissal, 'worker' when it cleared
	ended_reason  TEXT NOT NULL DEFAULT '' -- as given at the dismissal
) STRICT;

CREATE INDEX issue_connection ON issue (connection_id, state, last_at);

CREATE INDEX issue_item ON issue (item_id);

CREATE UNIQUE INDEX issue_open ON issue (connection_id, ifnull(item_id, 0), direction, code) WHERE state = 'open';

CREATE TABLE item (              -- an RFI or submittal seen in Procore, linked or not
	id              INTEGER PRIMARY KEY, -- ours
	connection_id   INTEGER NOT NULL REFERENCES connection (id), -- project
	kind            TEXT NOT NULL CHECK (kind IN ('rfi', 'submittal')), -- which tool
	procore_id      INTEGER NOT NULL, -- Procore's id within the tool
	number          TEXT NOT NULL DEFAULT '', -- Procore's
	revision        TEXT NOT NULL DEFAULT '', -- Procore's; '' none
	subject         TEXT NOT NULL DEFAULT '', -- subject or title
	previous_id     INTEGER REFERENCES item (id), -- the revision before; NULL: none
	npc_id          TEXT,        -- NULL: not in Project Center
	npc_number      TEXT NOT NULL DEFAULT '', -- given by Project Center; '' not there
	state           TEXT NOT NULL CHECK (state IN ('skipped', 'waiting', 'linked', 'answered', 'closed', 'parked')), -- skipped: not for us; waiting: to be carried; linked: on both sides; parked: after item_retries
	reason          TEXT NOT NULL DEFAULT '', -- word of core/plan: why skipped or parked
	reason_text     TEXT NOT NULL DEFAULT '', -- for people
	account_id      INTEGER REFERENCES account (id), -- matching BIC; NULL: none
	procore_status  TEXT NOT NULL DEFAULT '', -- Procore's word
	procore_updated_at INTEGER NOT NULL DEFAULT 0, -- Procore's, as last seen
	procore_hash    TEXT NOT NULL DEFAULT '', -- of the mapped fields as last seen
	npc_status      TEXT NOT NULL DEFAULT '', -- Project Center's word; '' not there
	npc_updated_at  INTEGER NOT NULL DEFAULT 0, -- Project Center's, as last seen; 0 not there
	npc_hash        TEXT NOT NULL DEFAULT '', -- version as last seen or written by us
	agreed          TEXT NOT NULL DEFAULT '{}', -- JSON of the fields both sides last agreed on
	kept            TEXT NOT NULL DEFAULT '{}', -- JSON of values that lost a conflict, shown on the item's page
	answers         INTEGER NOT NULL DEFAULT 0, -- answers sent back so far: the count in the reference
	court_left_at   INTEGER,     -- when, after an answer or the end, the ball was first seen elsewhere; NULL: not yet
	tries           INTEGER NOT NULL DEFAULT 0, -- failures in a row
	next_try_at     INTEGER,     -- NULL: none planned
	first_seen_at   INTEGER NOT NULL, -- first pass that listed it
	changed_at      INTEGER NOT NULL -- last change of this row
) STRICT;

CREATE UNIQUE INDEX item_npc ON item (connection_id, npc_id) WHERE npc_id IS NOT NULL;

CREATE UNIQUE INDEX item_procore ON item (connection_id, kind, procore_id);

CREATE INDEX item_retry ON item (connection_id, next_try_at) WHERE next_try_at IS NOT NULL;

CREATE INDEX item_state ON item (connection_id, state, changed_at);

CREATE TABLE item_cost (         -- what items cost that were worked off; the estimate of a catch-up rests on it
	kind  TEXT NOT NULL CHECK (kind IN ('rfi', 'submittal')), -- what
	way   TEXT NOT NULL CHECK (way IN ('in', 'out')), -- taken over, or an answer sent back
	items INTEGER NOT NULL,      -- how many, older ones faded
	calls INTEGER NOT NULL,      -- requests to Procore for them
	ms    INTEGER NOT NULL,      -- time they took
	PRIMARY KEY (kind, way)
) STRICT, WITHOUT ROWID;

CREATE TABLE item_event (        -- an item's history in words
	id      INTEGER PRIMARY KEY, -- order of events
	item_id INTEGER NOT NULL REFERENCES item (id), -- whose history
	at      INTEGER NOT NULL, -- when
	actor   TEXT NOT NULL,       -- account login, person, or 'connectorweb'
	account_id INTEGER REFERENCES account (id), -- with whose sign-in at Procore; NULL: none, or the actor's own
	text    TEXT NOT NULL -- sentence for people
) STRICT;

CREATE INDEX item_event_item ON item_event (item_id, id);

CREATE TABLE item_file (         -- each file once, both directions
	id          INTEGER PRIMARY KEY, -- ours
	item_id     INTEGER NOT NULL REFERENCES item (id), -- whose
	response_id INTEGER REFERENCES response (id), -- NULL: belongs to the question
	origin      TEXT NOT NULL CHECK (origin IN ('procore', 'npc')), -- where it came from
	origin_id   TEXT NOT NULL,   -- the file's id where it came from
	name        TEXT NOT NULL, -- there
	carried_name TEXT NOT NULL DEFAULT '', -- as named on the other side where that differs
	bytes       INTEGER,         -- NULL: not fetched yet
	sha256      TEXT NOT NULL DEFAULT '', -- hex; '' not fetched yet
	state       TEXT NOT NULL CHECK (state IN ('waiting', 'fetched', 'done', 'failed', 'unavailable')), -- unavailable: the origin refuses it for good
	other_id    TEXT NOT NULL DEFAULT '', -- id on the other side when done
	detail      TEXT NOT NULL DEFAULT '', -- why failed or unavailable
	changed_at  INTEGER NOT NULL, -- last change of state
	UNIQUE (item_id, origin, origin_id)
) STRICT;

CREATE TABLE job (               -- wishes and plans: one row a kind and subject; the worker claims by lease
	id          INTEGER PRIMARY KEY, -- ours
	kind        TEXT NOT NULL,   -- word of store/job
	ref         INTEGER NOT NULL, -- account.id, connection.id, ... ; 0 for none
	arg         TEXT NOT NULL DEFAULT '{}', -- JSON
	priority    INTEGER NOT NULL, -- smaller first
	due_at      INTEGER NOT NULL, -- not before
	again       INTEGER NOT NULL DEFAULT 0 CHECK (again IN (0, 1)), -- asked for once more while running
	owner       TEXT NOT NULL DEFAULT '', -- '' free
	lease_until_at INTEGER NOT NULL DEFAULT 0, -- 0 free; past: the owner is gone
	tries       INTEGER NOT NULL DEFAULT 0, -- failures in a row
	error       TEXT NOT NULL DEFAULT '', -- why the last run failed
	created_at  INTEGER NOT NULL, -- first wish
	UNIQUE (kind, ref)
) STRICT;

CREATE INDEX job_due ON job (priority, due_at) WHERE owner = '';

CREATE INDEX job_leased ON job (lease_until_at) WHERE owner <> '';

CREATE INDEX job_next ON job (due_at) WHERE owner = '';

CREATE TABLE mail (              -- outbox
	id          INTEGER PRIMARY KEY, -- ours
	kind        TEXT NOT NULL CHECK (kind IN ('lost', 'reminder', 'recovered', 'digest', 'link', 'service', 'refused')), -- which text; refused: to admins, about a mail that was
	incident_id INTEGER REFERENCES incident (id), -- NULL: none
	dedupe      TEXT NOT NULL UNIQUE, -- the same mail is never queued twice
	to_address  TEXT NOT NULL, -- one recipient a mail
	to_name     TEXT NOT NULL DEFAULT '', -- display name; '' none known
	account_id  INTEGER REFERENCES account (id), -- whose sign-in it is about; NULL: no account's
	asked_by    TEXT NOT NULL DEFAULT '', -- person who pressed Send the link again
	subject     TEXT NOT NULL DEFAULT '', -- as sent; '' before: mails are composed from the facts of the moment
	text_body   TEXT NOT NULL DEFAULT '', -- as sent
	html_body   TEXT NOT NULL DEFAULT '', -- as sent
	message_id  TEXT NOT NULL UNIQUE, -- the same at every try
	state       TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'refused', 'dropped')), -- refused: for good, waits for an admin; dropped: no longer true when its turn came
	tries       INTEGER NOT NULL DEFAULT 0, -- so far
	doubts      INTEGER NOT NULL DEFAULT 0, -- tries whose text went out whole and whose answer was lost
	next_at     INTEGER NOT NULL, -- next try
	queued_at   INTEGER NOT NULL, -- row made
	sent_at     INTEGER,         -- NULL: not accepted yet
	answer      TEXT NOT NULL DEFAULT '' -- the server's last words
) STRICT;

CREATE INDEX mail_due ON mail (next_at) WHERE state = 'queued';

CREATE INDEX mail_incident ON mail (incident_id) WHERE incident_id IS NOT NULL;

CREATE TABLE mark (              -- where the next pass begins, per connection, kind and reading account
	connection_id INTEGER NOT NULL REFERENCES connection (id), -- project
	side       TEXT NOT NULL CHECK (side IN ('procore', 'npc')), -- where is read
	kind       TEXT NOT NULL CHECK (kind IN ('rfi', 'submittal', 'rfi_bin', 'submittal_bin')), -- what is read; _bin: recycle bins
	account_id INTEGER NOT NULL, -- reading account; 0 on the npc side
	until_at   INTEGER NOT NULL, -- everything updated before was seen
	pass_at    INTEGER NOT NULL, -- end of the pass that moved it
	PRIMARY KEY (connection_id, side, kind, account_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (              -- facts about this installation, a row each
	key   TEXT NOT NULL PRIMARY KEY, -- installation_id, audit_head, recovery_confirmed_at, ...
	value TEXT NOT NULL              -- text form
) STRICT, WITHOUT ROWID;

CREATE TABLE pass (              -- passes that found something
	id            INTEGER PRIMARY KEY, -- ours
	connection_id INTEGER NOT NULL REFERENCES connection (id), -- project
	account_id    INTEGER REFERENCES account (id), -- reader; NULL: npc side only
	started_at    INTEGER NOT NULL, -- begin
	finished_at   INTEGER NOT NULL, -- end
	found         INTEGER NOT NULL, -- items that had changed
	done          INTEGER NOT NULL, -- steps that worked
	skipped       INTEGER NOT NULL, -- items left out with a reason
	failed        INTEGER NOT NULL, -- steps that did not
	calls         INTEGER NOT NULL, -- requests sent, both sides
	detail        TEXT NOT NULL DEFAULT '' -- why it stopped early; '' it did not
) STRICT;

CREATE INDEX pass_connection ON pass (connection_id, id);

CREATE TABLE pass_hour (         -- quiet passes, counted by the hour
	connection_id INTEGER NOT NULL REFERENCES connection (id), -- project
	hour_at       INTEGER NOT NULL, -- start of the hour
	passes        INTEGER NOT NULL, -- in that hour
	calls         INTEGER NOT NULL, -- requests sent in that hour
	PRIMARY KEY (connection_id, hour_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (            -- a domain user
	id           INTEGER PRIMARY KEY, -- ours
	user_name    TEXT NOT NULL UNIQUE CHECK (user_name = lower(user_name) AND user_name <> ''), -- canonical, no domain
	name         TEXT NOT NULL DEFAULT '', -- display name
	mail         TEXT NOT NULL DEFAULT '', -- where mail goes; '' none known
	global_admin INTEGER NOT NULL DEFAULT 0 CHECK (global_admin IN (0, 1)), -- sees and may do all
	wants_digest INTEGER NOT NULL DEFAULT 1 CHECK (wants_digest IN (0, 1)), -- daily digest of sync issues, if an admin
	language     TEXT NOT NULL DEFAULT '', -- '' the installation's
	created_at   INTEGER NOT NULL, -- first named here
	removed_at   INTEGER                   -- NULL: active
) STRICT;

CREATE TABLE person_account (    -- whose account is this
	person_id  INTEGER NOT NULL REFERENCES person (id), -- who
	account_id INTEGER NOT NULL REFERENCES account (id), -- whose sign-in
	source     TEXT NOT NULL CHECK (source IN ('import', 'directory', 'admin', 'proved')), -- how we know
	at         INTEGER NOT NULL, -- when it became known
	PRIMARY KEY (person_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX person_account_account ON person_account (account_id);

CREATE TABLE project_admin (     -- Project Admins and their projects
	connection_id INTEGER NOT NULL REFERENCES connection (id), -- project
	person_id     INTEGER NOT NULL REFERENCES person (id), -- its admin
	PRIMARY KEY (connection_id, person_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX project_admin_person ON project_admin (person_id);

CREATE TABLE response (          -- an answer given in Project Center
	id           INTEGER PRIMARY KEY, -- ours
	item_id      INTEGER NOT NULL REFERENCES item (id), -- to what
	npc_response_id TEXT NOT NULL, -- Project Center's
	author_login TEXT NOT NULL,  -- folded
	account_id   INTEGER REFERENCES account (id), -- NULL: no BIC of the connection
	close_kind   TEXT NOT NULL CHECK (close_kind IN ('respond_and_close', 'close', 'send_and_close', 'respond')), -- which button
	action       TEXT NOT NULL DEFAULT '', -- NPC action value
	body         TEXT NOT NULL DEFAULT '', -- text as given
	at           INTEGER NOT NULL, -- when it was given
	ordinal      INTEGER NOT NULL, -- count within the item, in the visible reference
	state        TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'parked', 'not_sent')), -- not_sent: only some kinds go back
	reason       TEXT NOT NULL DEFAULT '', -- why parked or not sent
	procore_id   TEXT NOT NULL DEFAULT '', -- reply id or approver id when sent
	sent_at      INTEGER,        -- NULL: not sent
	UNIQUE (item_id, npc_response_id)
) STRICT;

CREATE INDEX response_waiting ON response (item_id) WHERE state = 'waiting';

CREATE TABLE response_choice (   -- the values each side offers, as last read
	connection_id INTEGER NOT NULL REFERENCES connection (id), -- project
	side    TEXT NOT NULL CHECK (side IN ('npc', 'procore')), -- who offers it
	key     TEXT NOT NULL,       -- NPC: the action's name; Procore: the response's id
	name    TEXT NOT NULL, -- as shown
	meaning TEXT NOT NULL,       -- Procore: considered; NPC: the keyword's type
	seen_at INTEGER NOT NULL, -- last read with this value in it
	PRIMARY KEY (connection_id, side, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE response_map (      -- NPC action -> Procore submittal response
	connection_id INTEGER NOT NULL REFERENCES connection (id), -- project
	npc_action    TEXT NOT NULL, -- what the architect chose
	procore_response_id INTEGER NOT NULL, -- what Procore is told
	procore_name  TEXT NOT NULL, -- name when it was chosen
	considered    TEXT NOT NULL, -- Procore's meaning when it was chosen
	set_by        TEXT NOT NULL, -- person's user name, or 'default'
	set_at        INTEGER NOT NULL, -- when
	PRIMARY KEY (connection_id, npc_action)
) STRICT, WITHOUT ROWID;

CREATE TABLE seal_key (          -- public halves; the private ones are files
	key_id     TEXT NOT NULL PRIMARY KEY, -- short hash of the public half
	use        TEXT NOT NULL CHECK (use IN ('reader', 'writer', 'worker_writer')), -- reader: the worker opens; writer: callback seals; worker_writer: the worker seals
	public_hex TEXT NOT NULL, -- 32 bytes
	created_at INTEGER NOT NULL, -- first used
	retired_at INTEGER           -- NULL: in use
) STRICT, WITHOUT ROWID;

CREATE TABLE service (           -- the outside services and local things that can be out of order
	name      TEXT NOT NULL PRIMARY KEY, -- procore, npc, smtp, clock, disk, key, configuration
	state     TEXT NOT NULL CHECK (state IN ('ok', 'down')), -- as of the last call
	detail    TEXT NOT NULL DEFAULT '', -- sentence for people
	since_at  INTEGER NOT NULL, -- when the state began
	last_ok_at INTEGER           -- NULL: never
) STRICT, WITHOUT ROWID;

CREATE TABLE token (             -- the sealed pair; pages may write, only the worker reads (DESIGN.md 7 Seals)
	account_id     INTEGER NOT NULL PRIMARY KEY REFERENCES account (id), -- one pair an account
	generation     INTEGER NOT NULL, -- account.generation when stored; bound inside the seal
	writer_key_id  TEXT NOT NULL,    -- seal_key of the sealer
	reader_key_id  TEXT NOT NULL,    -- seal_key of the worker
	access_sealed  BLOB NOT NULL, -- box over key id, account, generation and token
	refresh_sealed BLOB NOT NULL, -- the same for the refresh token
	stored_at      INTEGER NOT NULL -- commit of this pair
) STRICT;

CREATE TABLE token_journal (     -- every call to the token endpoint: intent first, then what came of it
	id          INTEGER PRIMARY KEY, -- order of intents
	account_id  INTEGER REFERENCES account (id), -- NULL: an exchange whose person is not known yet
	kind        TEXT NOT NULL CHECK (kind IN ('exchange', 'refresh', 'revoke')), -- which call
	generation  INTEGER NOT NULL,  -- of the pair presented (0 for an exchange)
	owner       TEXT NOT NULL,     -- process
	state       TEXT NOT NULL CHECK (state IN ('intent', 'done', 'refused', 'unsent', 'unknown')), -- unknown: answer lost
	intent_at   INTEGER NOT NULL, -- committed before the call
	result_at   INTEGER,           -- NULL: still open, or the process died
	http_status INTEGER,           -- NULL: no answer
	detail      TEXT NOT NULL DEFAULT '' -- stage, error code, redacted
) STRICT;

CREATE INDEX token_journal_account ON token_journal (account_id, id);

CREATE INDEX token_journal_open ON token_journal (account_id, id) WHERE state IN ('intent', 'unknown');

CREATE TABLE token_lease (       -- one refresh at a time an account, across all processes
	account_id INTEGER NOT NULL PRIMARY KEY REFERENCES account (id), -- what is leased
	owner      TEXT NOT NULL,    -- process and random part
	generation INTEGER NOT NULL, -- what the owner set out to refresh
	until_at   INTEGER NOT NULL  -- longer than every timeout in it
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook (           -- a hook that we keep at Procore
	connection_id INTEGER NOT NULL PRIMARY KEY REFERENCES connection (id), -- project
	hook_id     TEXT NOT NULL, -- Procore's; '' none made yet
	api_version TEXT NOT NULL,   -- 'v2.0' or 'v1.0'; '' none made yet
	triggers    TEXT NOT NULL DEFAULT '[]', -- JSON of trigger ids
	state       TEXT NOT NULL CHECK (state IN ('active', 'broken')), -- broken: gone or changed at Procore, to be repaired
	checked_at  INTEGER NOT NULL, -- last look at Procore's side that went well; 0 none yet
	last_event_at INTEGER,       -- NULL: none yet, or none since one was missed
	error       TEXT NOT NULL DEFAULT '' -- sentence for people: why it is not as it should be; '' it is
) STRICT;
