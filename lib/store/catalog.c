#include "config.h"

#include "store/catalog.h"

#include "sql/queries.gen.h"

const struct db_catalog *
store_catalog(void)
{
	return &cw_catalog;
}
