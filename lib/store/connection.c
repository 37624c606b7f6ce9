#include "config.h"

#include "store/connection.h"

#include "base/clk.h"
#include "sql/queries.gen.h"

int
connection_set_state(struct db *db, int64_t id, const char *state, struct err *e)
{
	return db_run(db, Q_CONNECTION_STATE, e, DB_I64(id), DB_TEXT(state),
	    DB_I64(clk_now()));
}

int
connection_set_settings(
    struct db *db, int64_t id, int64_t poll_minutes, bool webhooks, struct err *e)
{
	return db_run(db, Q_CONNECTION_SETTINGS, e, DB_I64(id), DB_I64(poll_minutes),
	    DB_BOOL(webhooks), DB_I64(clk_now()));
}

int
connection_ask_sync(struct db *db, int64_t id, bool *taken, struct err *e)
{
	return db_change(db, Q_CONNECTION_SYNC_ASKED, taken, e, DB_I64(id),
	    DB_I64(clk_now()), DB_I64(CONNECTION_SYNC_EVERY_S));
}

int
connection_map(struct db *db, int64_t id, const char *npc_action, int64_t response_id,
    const char *user_name, bool *changed, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, response_id == 0 ? Q_CONNECTION_MAP_DROP : Q_CONNECTION_MAP_SET,
		&q, e) == -1)
		return -1;
	db_bind_i64(q, 1, id);
	db_bind_text(q, 2, npc_action);
	if (response_id != 0) {
		db_bind_i64(q, 3, response_id);
		db_bind_text(q, 4, user_name);
		db_bind_i64(q, 5, clk_now());
	}
	if (db_exec(q, e) == -1)
		return -1;
	*changed = db_changes(db) > 0;
	return 0;
}
