/* catalog.h: the product's statements and migrations, for db_open() and db_migrate(). Layer: store. */
#ifndef CW_STORE_CATALOG_H
#define CW_STORE_CATALOG_H

#include "io/db.h"

const struct db_catalog *store_catalog(void); /* static storage */

#endif
