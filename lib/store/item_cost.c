#include "config.h"

#include "store/item_cost.h"

#include "sql/queries.gen.h"

int
item_cost_add(struct db *db, const char *kind, const char *way, int64_t calls, int64_t ms,
    struct err *e)
{
	return db_run(db, Q_ITEM_COST_ADD, e, DB_TEXT(kind), DB_TEXT(way), DB_I64(calls),
	    DB_I64(ms));
}
