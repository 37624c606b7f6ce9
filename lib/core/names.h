/* names.h: names of files that Windows or Project Center would refuse, or take for another's. Layer: core. Pure.
 * Source: Microsoft, "Naming Files, Paths, and Namespaces"; newforma.md 9 (characters that Newforma replaces);
 * docs/npc-gateway.yaml (255 bytes).
 *
 * The way back is the row of the file: it keeps both names, and within an item no two carried names are the same but
 * for case or normal form. */
#ifndef CW_CORE_NAMES_H
#define CW_CORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { NAMES_BYTES = 256 };

/* The name as it can be carried: normal form C; "_" for # % * : < > ? / \ | ~ ", controls, marks that turn the
 * writing direction and invisible ones; no blanks or dots at the end; no device name (CON, NUL.txt); at most 241
 * bytes with its ending kept. Returns whether it differs from the name. */
bool names_carry(const char *name, char out[NAMES_BYTES]);
/* "plan.pdf" and 2 make "plan (2).pdf": how a name is told from others that are the same but for case. n from 2. */
void names_number(const char *name, int n, char out[NAMES_BYTES]);
/* The same file to Windows: case and normal form do not count. */
bool names_same(const char *a, const char *b);

#endif
