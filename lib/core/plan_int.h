/* plan_int.h: shared by the files of plan.h, for nobody else. Layer: core. */
#ifndef CW_CORE_PLAN_INT_H
#define CW_CORE_PLAN_INT_H

#include "base/attr.h"
#include "core/plan.h"

/* A sentence that always fits: what is too long is cut. */
void plan_say(char out[PLAN_TEXT_BYTES], const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
