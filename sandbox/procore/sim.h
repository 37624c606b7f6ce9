/* sim.h: what the parts of the Procore stand-in share: one simulator, one call, helpers.
 * Layer: sandbox. Source: research notes procore.md 10, DESIGN.md 12.
 *
 * Handlers return 0 when they have answered, SIM_REFUSED when they refused (sim_refuse()
 * holds status and text; the dispatcher words it as JSON or as a page), -1 for a fault of
 * our own (500, rolled back). Every call runs in one short transaction, so that several
 * processes can share one database file. */
#ifndef CW_SANDBOX_PROCORE_SIM_H
#define CW_SANDBOX_PROCORE_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "html/tmpl.h"
#include "io/db.h"
#include "io/fcgi.h"
#include "io/json.h"

enum { SIM_REFUSED = 1 };
/* Access levels of a tool, as settings/permissions numbers them. */
enum sim_level { LEVEL_NONE = 1, LEVEL_READ = 2, LEVEL_STANDARD = 3, LEVEL_ADMIN = 4 };
enum sim_tool { TOOL_NONE, TOOL_RFI, TOOL_SUBMITTAL, TOOL_MAX };

struct sim {
	struct db *db;
	struct tmpl_set *tmpl;
	const char *login_url, *api_url, *files_url,
	    *idp_url; /* origins, no slash at the end */
	const char *files_dir, *seed_dir;
	const char *redirect_uri; /* of the app; NULL: the portal beside this host */
	struct buf css;
};

struct sim_route;

/* One request on its way through. Texts and trees live until sim_call_clear(). */
struct sim_call {
	struct sim *sim;
	struct fcgi_req *req;
	struct fcgi_resp *resp;
	const struct sim_route *route;
	int64_t now; /* decides what is valid */
	int64_t
	    shown; /* what the server says the time is: now plus the clock_offset switch */
	struct json *path;  /* variables of the route */
	struct json *query; /* nested by the brackets of the names */
	struct json *body;  /* the same for any of the three encodings */
	struct json *settings;
	struct json *who; /* the person acting; NULL: nobody */
	char *client_id;  /* of the token; NULL without one */
	int64_t token_id, family_id;
	bool token_expired;
	int64_t company_id; /* Procore-Company-Id, 0: none */
	struct json
	    *project; /* the project of the path or query, as the person may use it */
	int refused_status;
	char refused_text[256];
	struct buf note;     /* for the calls log */
	struct json *answer; /* to be dressed and printed; NULL: resp.body stands */
	struct json *faults; /* those that strike this call */
	bool raw;            /* the body went to the store as it is */
	char raw_sha[65];
	int64_t raw_bytes;
};

typedef int (*sim_handler)(struct sim_call *c, struct err *e);

enum sim_flag {
	SIM_NO_COMPANY = 1, /* works without Procore-Company-Id */
	SIM_NO_PROJECT = 2, /* project_id in the query is optional */
	SIM_WEB = 4,        /* a page for people: refusals are pages */
	SIM_OPEN = 8        /* no bearer token */
};
struct sim_route {
	const char *method;
	const char *path; /* {name} stands for a part without a slash */
	sim_handler run;
	enum sim_tool tool;
	enum sim_level level;
	unsigned flags;
};

/* ---- sim.c */
/* Answer with JSON, which is taken over; inner members are dropped and file URLs filled in.
 * Always 0. */
int sim_reply(struct sim_call *c, int status, struct json *body);
/* Answer with no body. Always 0. */
int sim_reply_empty(struct sim_call *c, int status);
/* Answer with a page; the model is taken over and gets the members all pages share. errors:
 * tmpl_render */
int sim_reply_page(
    struct sim_call *c, int status, const char *name, struct json *model, struct err *e);
/* Answer with a redirect. Always 0. */
int sim_reply_redirect(struct sim_call *c, int status, const char *url);
/* Say no; always SIM_REFUSED. */
int sim_refuse(struct sim_call *c, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Add a word to the line of the calls log. */
void sim_note(struct sim_call *c, const char *word);
/* A fresh id, rising, above 2^32. errors: db */
int sim_new_id(struct sim *s, int64_t *out, struct err *e);
/* A path variable; 0 when it is not a number. */
int64_t sim_path_id(const struct sim_call *c, const char *name);
const char *sim_path_text(const struct sim_call *c, const char *name);
/* The acting person's id; 0: nobody. */
int64_t sim_who(const struct sim_call *c);
/* The person's access level of a tool in the current project. */
enum sim_level sim_level(const struct sim_call *c, enum sim_tool tool);
/* Switches: text and number with a default. */
const char *sim_setting(const struct sim_call *c, const char *name, const char *dflt);
int64_t sim_setting_i64(const struct sim_call *c, const char *name, int64_t dflt);
void sim_call_clear(struct sim_call *c);

/* ---- data.c: trees and rows */
/* The same value, to be changed: json.h hands out children read-only, but these trees are
 * ours. */
struct json *data_own(const struct json *j);
/* The same as json_at() for a tree that is ours to change. */
struct json *data_at(struct json *j, const char *path);
struct json *data_item(struct json *arr, size_t i);
/* A member by its exact key. */
struct json *data_get(struct json *obj, const char *key);
/* Run a statement: types has a letter a value, i int64_t, t text (NULL allowed), d a JSON
 * tree bound as its text. errors: db_exec */
int data_run(struct db *db, int query, struct err *e, const char *types, ...);
/* First column of the first row as a number; *found false without a row. errors: db_step */
int data_i64(struct db *db, int query, int64_t *out, bool *found, struct err *e,
    const char *types, ...);
/* The first column of the first row as a JSON value, NULL without a row. Owned by the
 * caller. */
int data_doc(
    struct db *db, int query, struct json **out, struct err *e, const char *types, ...);
/* The first columns of all rows as an array. Owned by the caller. */
int data_docs(
    struct db *db, int query, struct json **out, struct err *e, const char *types, ...);
/* The first column of the first row as text, NULL without a row. Owned by the caller,
 * free(). */
int data_text(struct db *db, int query, char **out, struct err *e, const char *types, ...);
/* Copy the named members (NULL-terminated list) of src that exist. */
void data_copy(struct json *dst, const struct json *src, const char *const *names);
void data_drop(struct json *obj, const char *const *names);
/* True for true, "true", "1", 1. */
bool data_bool(const struct json *j, const char *path, bool dflt);
/* True when an array holds this number, or is it itself. */
bool data_has_i64(const struct json *arr, int64_t v);
/* True when an array of objects has one with this id. */
bool data_has_id(const struct json *arr, int64_t id);
/* Put a time as ISO text. */
void data_put_time(struct json *obj, const char *key, int64_t at);
/* Put at as a plain date. */
void data_put_date(struct json *obj, const char *key, int64_t at);
/* Plain text of an HTML fragment: tags dropped, paragraphs and breaks as line ends,
 * entities decoded. */
void data_plain(const char *rich, struct buf *out);
/* HMAC-SHA256 in hex under the stand-in's own key. */
void data_sign(const struct sim_call *c, const char *text, char hex[65]);
/* SHA-256 in hex of a text. */
void data_hash(const char *text, char hex[65]);

/* ---- params.c */
/* Read query and body into c->query and c->body; file parts go to the store first.
 * Returns SIM_REFUSED for a body that is not what its type says. */
int params_read(struct sim_call *c, struct err *e);
/* Parse name=value pairs into a nested tree. errors: -1 broken escape */
int params_pairs(const char *text, size_t n, struct json *into);
/* A text of the query or body. */
const char *params_str(const struct json *from, const char *path);

/* ---- store.c: bytes on disk under the name of their hash */
int store_put(struct sim *s, const void *p, size_t n, char sha[65], struct err *e);
/* A file of this size made up from a number (bytes.h). */
int store_make(struct sim *s, int64_t size, int64_t seed, char sha[65], struct err *e);
/* An open file to read, -1 with e filled. */
int store_open(struct sim *s, const char *sha, int64_t *bytes, struct err *e);
/* Join stored parts (array of hex hashes) to one. */
int store_join(
    struct sim *s, const struct json *shas, char sha[65], int64_t *bytes, struct err *e);

/* ---- dispatch.c */
/* Answer one request: the handle of struct fcgi_app; arg is the struct sim. */
void dispatch(void *arg, struct fcgi_req *req, struct fcgi_resp *resp);
/* The documented routes served, ended by a NULL method. routes.c */
extern const struct sim_route routes_rest[];
extern const struct sim_route
    routes_web[]; /* pages, OAuth pages, storage, control on Procore's host */
extern const struct sim_route routes_files[]; /* on the files host */
extern const struct sim_route routes_idp[];   /* on the identity provider's host */
/* First route that fits; path variables go to vars. */
const struct sim_route *routes_find(
    const struct sim_route *table, const char *method, const char *path, struct json *vars);
void routes_print(void);

/* ---- rate.c, faults.c */
/* Count the call and set the headers; *over: answered 429. errors: db */
int rate_count(struct sim_call *c, bool *over, struct err *e);
/* Choose the faults that strike this call and count them down; *wait_ms is how long it is
 * to be slow. */
int faults_choose(struct sim_call *c, int64_t *wait_ms, struct err *e);
/* Answer in place of the work when a status fault says so. */
bool faults_answer(struct sim_call *c);
/* Spoil the answer: lost, cut, garbled, or another status after the work was done. Cannot
 * fail. */
void faults_after(struct sim_call *c);

/* ---- oauth.c: machine side; signin.c: pages */
int oauth_token(struct sim_call *c, struct err *e);
int oauth_token_info(struct sim_call *c, struct err *e);
int oauth_revoke(struct sim_call *c, struct err *e);
/* Answer a fresh pair for a person, as at the end of a sign-in. */
int oauth_grant(struct sim_call *c, const char *client_id, int64_t person, struct err *e);
/* Look the bearer up; fills who, client_id, token and family. errors: db */
int oauth_bearer(struct sim_call *c, struct err *e);
int signin_authorize(struct sim_call *c, struct err *e);
int signin_decide(struct sim_call *c, struct err *e);
int signin_page(struct sim_call *c, struct err *e);
int signin_post(struct sim_call *c, struct err *e);
int signin_out(struct sim_call *c, struct err *e);
int signin_ticket(struct sim_call *c, struct err *e);
int signin_idp_page(struct sim_call *c, struct err *e);
int signin_idp_post(struct sim_call *c, struct err *e);
/* The person of the session cookie into c->who; leaves it NULL without one. */
int signin_session(struct sim_call *c, struct err *e);
/* Send to the sign-in page, to come back here. Always 0. */
int signin_needed(struct sim_call *c);

/* ---- people.c */
int people_me(struct sim_call *c, struct err *e);
int people_companies(struct sim_call *c, struct err *e);
int people_company_me(struct sim_call *c, struct err *e);
int people_projects(struct sim_call *c, struct err *e);
int people_project(struct sim_call *c, struct err *e);
int people_project_users(struct sim_call *c, struct err *e);
int people_project_user(struct sim_call *c, struct err *e);
int people_permissions(struct sim_call *c, struct err *e);
/* How RFIs and submittals name a person. NULL for nobody. with_firm: "X Y (Firm)" */
struct json *people_ref(const struct json *person, bool with_firm);
/* A person by id or login; *out NULL when unknown. Owned by the caller. */
int people_find(struct sim *s, const char *id_or_login, struct json **out, struct err *e);
int people_by_id(struct sim *s, int64_t id, struct json **out, struct err *e);
/* Set c->project for a person; *out false: not there or not to be seen. */
int people_enter(struct sim_call *c, int64_t project_id, bool *seen, struct err *e);

/* ---- list.c: pages, ranges, filters, sorting of item lists */
/* Keep the page that page and per_page ask for and set Link, Total, Per-Page. arr is taken
 * over. */
struct json *list_page(struct sim_call *c, struct json *arr, int64_t dflt, int64_t max);
/* The bounds of filters[name] "a...b"; whole time when absent. Returns SIM_REFUSED when
 * unreadable. */
int list_range(struct sim_call *c, const char *name, int64_t *from, int64_t *to);
/* True when filters[name] is absent or holds this text or number. */
bool list_wants(const struct sim_call *c, const char *name, const char *text);
bool list_wants_i64(const struct sim_call *c, const char *name, int64_t v);
bool list_wants_any(const struct sim_call *c, const char *name, const struct json *people);
/* Sort an array by a member; arr is taken over. Numbers by value, texts by bytes, null
 * first. */
struct json *list_sort(struct json *arr, const char *path, bool descending);

/* ---- items.c: RFIs and submittals as rows */
/* Load an item of the current project that the person may see; *out NULL otherwise.
 * deleted: in the bin. */
int items_load(struct sim_call *c, const char *kind, int64_t id, bool deleted,
    struct json **out, struct err *e);
int items_insert(struct sim_call *c, const char *kind, struct json *doc, struct err *e);
/* Write back with a new updated_at and tell the hooks. */
int items_save(struct sim_call *c, const char *kind, struct json *doc, struct err *e);
/* All items that the person may see in the range of filters[updated_at]. */
int items_list(
    struct sim_call *c, const char *kind, bool deleted, struct json **out, struct err *e);
int items_bin(struct sim_call *c, const char *kind, int64_t id, bool in, struct err *e);
/* May the person see it: private items and drafts are for the people named in them and
 * admins. */
bool items_visible(const struct sim_call *c, const char *kind, const struct json *doc);

/* ---- files.c, uploads.c */
/* Attachment objects for what a write names: upload_ids[] and multipart attachments[];
 * files: uuids too. Returns SIM_REFUSED for an upload that is unknown, unfinished, old or
 * another person's. */
int files_attach(struct sim_call *c, const struct json *spec, const struct json *parts,
    struct json **out, struct err *e);
/* An attachment object for stored bytes. */
int files_new(struct sim_call *c, const char *sha, int64_t bytes, const char *name,
    const char *type, struct json **out, struct err *e);
/* Put url and availability into every object that holds _file, drop other inner members. */
int files_dress(struct sim_call *c, struct json *tree, struct err *e);
int files_open(struct sim_call *c, struct err *e);     /* the opaque URL: 302 */
int files_download(struct sim_call *c, struct err *e); /* on the files host */
int files_form(struct sim_call *c, struct err *e);
int files_segment(struct sim_call *c, struct err *e);
int uploads_create(struct sim_call *c, struct err *e);
int uploads_show(struct sim_call *c, struct err *e);
int uploads_finish(struct sim_call *c, struct err *e);

/* ---- make.c: pieces that RFIs and submittals share */
/* The specification section with this id or number, null when unknown. */
struct json *make_section(struct sim_call *c, int64_t id, const char *number);
/* References of the people with these ids, in their order; unknown ids are left out. */
int make_people(struct sim_call *c, const struct json *ids, bool with_firm,
    struct json **out, struct err *e);
int make_person(
    struct sim_call *c, int64_t id, bool with_firm, struct json **out, struct err *e);
/* Rich text of what came in: HTML stays, plain text is wrapped. */
int make_rich(
    struct sim_call *c, const char *text, struct json *obj, const char *key, struct err *e);
/* Plain text beside it. */
void make_plain(const char *rich, struct json *obj, const char *key);
/* The number asked for, else the next one of the project, as wide as pad at least. */
int make_number(struct sim_call *c, const char *kind, const char *pad,
    const struct json *spec, struct json *doc, struct err *e);

/* ---- rfis.c, rfi_make.c, rfi_moves.c */
int rfis_list(struct sim_call *c, struct err *e);
int rfis_show(struct sim_call *c, struct err *e);
int rfis_create(struct sim_call *c, struct err *e);
int rfis_update(struct sim_call *c, struct err *e);
int rfis_bin(struct sim_call *c, struct err *e);
int rfis_recycle(struct sim_call *c, struct err *e);
int rfis_retrieve(struct sim_call *c, struct err *e);
int rfis_people(struct sim_call *c, struct err *e);
int rfis_options(struct sim_call *c, struct err *e);
int rfis_replies(struct sim_call *c, struct err *e);
int rfis_reply(struct sim_call *c, struct err *e);
int rfis_reply_show(struct sim_call *c, struct err *e);
int rfis_reply_update(struct sim_call *c, struct err *e);
int rfis_reply_delete(struct sim_call *c, struct err *e);
int rfis_advance(struct sim_call *c, struct err *e);
int rfis_forward(struct sim_call *c, struct err *e);
/* Make, change, answer an RFI as the acting person; spec as in the REST body. doc is the
 * caller's. */
int rfi_make(struct sim_call *c, const struct json *spec, struct json **doc, struct err *e);
int
rfi_change(struct sim_call *c, struct json *doc, const struct json *spec, struct err *e);
int rfi_answer(struct sim_call *c, struct json *doc, const struct json *reply,
    struct json **out, struct err *e);
/* Put people in court. */
void rfi_court(struct json *doc, struct json *people, const char *role);

/* ---- submittals.c, approvers.c */
int submittals_list(struct sim_call *c, struct err *e);
int submittals_show(struct sim_call *c, struct err *e);
int submittals_create(struct sim_call *c, struct err *e);
int submittals_update(struct sim_call *c, struct err *e);
int submittals_delete(struct sim_call *c, struct err *e);
int submittals_bin(struct sim_call *c, struct err *e);
int submittals_revisions(struct sim_call *c, struct err *e);
int submittals_workflow(struct sim_call *c, struct err *e);
int submittals_options(struct sim_call *c, struct err *e);
int submittals_statuses(struct sim_call *c, struct err *e);
int submittals_types(struct sim_call *c, struct err *e);
int submittals_responses(struct sim_call *c, struct err *e);
int submittals_attachments(struct sim_call *c, struct err *e);
int submittals_distribute(struct sim_call *c, struct err *e);
int submittal_make(
    struct sim_call *c, const struct json *spec, struct json **doc, struct err *e);
int submittal_change(
    struct sim_call *c, struct json *doc, const struct json *spec, struct err *e);
int approvers_update(struct sim_call *c, struct err *e);
/* The response of one approver; spec as in the REST body. */
int approver_answer(struct sim_call *c, struct json *doc, int64_t approver_id,
    const struct json *spec, struct json **out, struct err *e);
/* Work out who is in court from status and steps. */
int approvers_court(struct sim_call *c, struct json *doc, struct err *e);
/* Rows of approvers for workflow_data; ids are made. */
int approvers_make(
    struct sim_call *c, struct json *doc, const struct json *workflow, struct err *e);

/* ---- webhooks.c, hook_rest.c */
/* Queue an event for the hooks that ask for it. event: create, update, delete */
int webhooks_event(
    struct sim_call *c, const char *resource, const char *event, int64_t id, struct err *e);
int hooks_list(struct sim_call *c, struct err *e);
int hooks_create(struct sim_call *c, struct err *e);
int hooks_show(struct sim_call *c, struct err *e);
int hooks_update(struct sim_call *c, struct err *e);
int hooks_delete(struct sim_call *c, struct err *e);
int hooks_triggers(struct sim_call *c, struct err *e);
int hooks_trigger_create(struct sim_call *c, struct err *e);
int hooks_trigger_delete(struct sim_call *c, struct err *e);
int hooks_deliveries(struct sim_call *c, struct err *e);
int hooks_resources(struct sim_call *c, struct err *e);

/* ---- control.c, control_play.c, state.c */
/* Asked from this machine: nginx hands loopback through as it is. */
bool control_local(const struct sim_call *c);
int control_page(struct sim_call *c, struct err *e);
int control_post(struct sim_call *c, struct err *e);
int control_state(struct sim_call *c, struct err *e);
/* Play the contractor: act as a person (login, or NULL for the project's first admin) in a
 * project. */
int play_as(struct sim_call *c, const char *login, int64_t project_id, struct err *e);
/* The item that `rfi` or `submittal` names, after play_as() in its project. Returns
 * SIM_REFUSED when absent. */
int play_item(struct sim_call *c, const struct json *in, const char **kind,
    struct json **doc, struct err *e);
/* Close or reopen; how: close, reopen. */
int play_state(struct sim_call *c, const char *kind, struct json *doc, const char *how,
    const char *status, struct err *e);
/* A verb that plays the contractor; *known false: no such verb. */
int control_play(struct sim_call *c, const char *verb, const struct json *in, bool *known,
    struct err *e);

/* ---- pages.c */
int pages_home(struct sim_call *c, struct err *e);
int pages_project(struct sim_call *c, struct err *e);
int pages_rfi(struct sim_call *c, struct err *e);
int pages_submittal(struct sim_call *c, struct err *e);
int pages_act(struct sim_call *c, struct err *e);
int pages_apps(struct sim_call *c, struct err *e);
int pages_apps_revoke(struct sim_call *c, struct err *e);
int pages_admin_apps(struct sim_call *c, struct err *e);
int pages_admin_apps_set(struct sim_call *c, struct err *e);
int pages_css(struct sim_call *c, struct err *e);

/* ---- seed.c */
/* Fill an empty database from --seed; force: throw everything away first. errors: names the
 * file */
int seed_load(struct sim *s, bool force, struct err *e);

#endif
