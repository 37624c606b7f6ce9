#include "config.h"

#include "store/denial.h"

#include "base/clk.h"
#include "sql/queries.gen.h"

int
denial_note(struct db *db, const char *user_name, const char *target, bool *first, struct err *e)
{
	return db_change(db, Q_DENIAL_NOTE, first, e, DB_TEXT(user_name), DB_TEXT(target),
	    DB_I64(clk_now()), DB_I64(DENIAL_EVERY_S));
}
