/* clk.h: time. Layer: base. All wall times are int64_t seconds since 1970 UTC.
 *
 * Tests and rehearsals move the wall clock by a file that holds a whole number of seconds to add
 * (configuration key test_clock_file; accepted only while Procore is on loopback). */
#ifndef CW_BASE_CLK_H
#define CW_BASE_CLK_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Seconds since 1970 UTC, moved by the clock file when one is set. Cannot fail. */
int64_t clk_now(void);
/* Milliseconds of the monotonic clock: for durations and deadlines within this process; never moved. */
int64_t clk_mono_ms(void);
/* Milliseconds since 1970 UTC, moved like clk_now(). */
int64_t clk_now_ms(void);
/* Read the offset from this file from now on (re-read when its mtime or size changes); NULL: stop. */
void clk_set_offset_file(const char *path);

enum { CLK_ISO_BYTES = 32, CLK_TEXT_BYTES = 48 };

/* "2026-11-23T20:14:35Z" into dst of at least CLK_ISO_BYTES. */
void clk_iso(int64_t at, char dst[CLK_ISO_BYTES]);
/* RFC 3339 with fraction and any offset, or a plain date (midnight UTC). errors: -1, out untouched. */
MUST_USE int clk_parse_iso(const char *s, int64_t *out);
/* RFC 9110 IMF-fixdate ("Mon, 23 Nov 2026 20:14:35 GMT"). errors: -1. */
MUST_USE int clk_parse_http(const char *s, int64_t *out);
/* RFC 5322 date for mail headers, always +0000. */
void clk_rfc5322(int64_t at, char dst[CLK_TEXT_BYTES]);
/* "2026-11-23 20:14" in the zone chosen by clk_set_zone (default the system's), no locale. */
void clk_local(int64_t at, char dst[CLK_TEXT_BYTES]);
/* errors: -1 for a zone that the zone database does not know. NULL or "": the system's. */
MUST_USE int clk_set_zone(const char *tz);
/* The hour of day 0..23 in that zone. */
int clk_local_hour(int64_t at);

#endif
