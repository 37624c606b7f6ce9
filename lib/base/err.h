/* err.h: the one error type, and what each code means to the caller. Layer: base. Source: STYLE.md 4.
 *
 * A function that can fail returns 0 or -1 and fills the caller's struct err. Messages name the thing
 * ("project 42") and never hold a secret. */
#ifndef CW_BASE_ERR_H
#define CW_BASE_ERR_H

#include <stdbool.h>

#include "base/attr.h"

enum err_code {
	ERR_NONE = 0,
	ERR_INPUT,     /* what came in is not acceptable; the sender must change it */
	ERR_AUTH,      /* may not, or not signed in */
	ERR_NOT_FOUND, /* no such thing, or not to be seen */
	ERR_LIMIT,     /* a named ceiling was passed */
	ERR_BUSY,      /* try again later; nothing was done */
	ERR_IO,        /* file, socket, disk */
	ERR_DB,        /* the database refused for any other reason than being busy */
	ERR_REMOTE,    /* the other side did not answer as it should */
	ERR_BUG,       /* our own fault */
	ERR_CODE_MAX
};

/* Longest message kept, NUL included; longer ones are cut. Long enough for a path and a sentence. */
enum { ERR_MSG_BYTES = 512 };

struct err {
	enum err_code code;
	int sys; /* errno or the library's own number; 0 when there is none */
	char msg[ERR_MSG_BYTES];
};

/* What the rest of the program does with a code. */
struct err_class {
	const char *name;  /* "input", for log lines */
	int http_status;   /* status a page answers with */
	int log_level;     /* enum log_level of base/log.h */
	bool retry;        /* the same call may work later */
};

/* Fill e and return -1, so that `return err_set(...)` reads well. Accepts e == NULL. Cannot fail. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same with a system or library number; errno numbers get their text appended by err_set_errno. */
int err_set_sys(struct err *e, enum err_code code, int sys, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The same for errno: appends ": No such file or directory" (strerrordesc_np). */
int err_set_errno(struct err *e, enum err_code code, int errnum, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Put "context: " before the message that e already holds; the code stays. Always -1. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Empty e for reuse. Accepts NULL. Cannot fail. */
void err_clear(struct err *e);

/* The row of the class table for a code; static storage. An unknown code gives the row of ERR_BUG. */
const struct err_class *err_class(enum err_code code);

/* Abort with file, line and condition on standard error: for broken invariants only. A restart is
 * safe because every state change is journalled. */
NORETURN void err_bug(const char *file, int line, const char *what);
#define BUG_IF(cond) \
	do { \
		if (cond) \
			err_bug(__FILE__, __LINE__, #cond); \
	} while (0)

#endif
