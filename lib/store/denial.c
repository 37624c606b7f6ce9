#include "config.h"

#include "store/denial.h"

#include "base/clk.h"
#include "sql/queries.gen.h"

int
denial_note(struct db *db, const char *user_name, const char *target, bool *first, struct err *e)
{
	struct stmt *q = NULL;

	if (db_query(db, Q_DENIAL_NOTE, &q, e) == -1)
		return -1;
	db_bind_text(q, 1, user_name);
	db_bind_text(q, 2, target);
	db_bind_i64(q, 3, clk_now());
	db_bind_i64(q, 4, DENIAL_EVERY_S);
	if (db_exec(q, e) == -1)
		return -1;
	*first = db_changes(db) == 1;
	return 0;
}
