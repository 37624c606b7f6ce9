/* json_scan.h: is this text JSON, strictly? Layer: io/json, private to it. Source: RFC 8259.
 *
 * cJSON takes more than the RFC allows (controls and NUL as blanks or in texts, numbers such as 01)
 * and a \u0000 would cut a text short, so every text is read here first; cJSON only builds the tree. */
#ifndef CW_IO_JSON_SCAN_H
#define CW_IO_JSON_SCAN_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/* Longest number in characters; cJSON reads no more (its buffer is 64 bytes). */
enum { JSON_NUMBER_CHARS = 60 };

/* Check that n bytes are one value with blanks around it.
 * depth   most levels of arrays and objects within each other, > 0
 * errors  ERR_REMOTE with the byte and what is wrong there, never the content */
MUST_USE int json_scan(const char *text, size_t n, unsigned depth, struct err *e);

#endif
