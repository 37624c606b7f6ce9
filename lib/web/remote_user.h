/* remote_user.h: names as the front hands them over. Layer: web, pure; also of signin.
 * Source: DESIGN.md 4 "Names"; platform.md 1 ("REMOTE_USER is what was typed"). */
#ifndef CW_WEB_REMOTE_USER_H
#define CW_WEB_REMOTE_USER_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* The one form of a domain user name: ASCII case folded, blanks at both ends cut off, and
 * without the domain of DOMAIN\name or name@domain, which has to be one of domains (ASCII
 * case ignored). typed    as it came; at most 256 bytes dst      at least LIMIT_LOGIN + 1
 * bytes; "" on failure errors   ERR_INPUT empty, too long, controls, no UTF-8, or another
 * domain; the message does not repeat the name, since people type passwords there */
MUST_USE int remote_user_canonical(
    const char *typed, const struct strv *domains, char *dst, size_t size, struct err *e);

/* Texts in REMOTE_MAIL, REMOTE_NAME and REMOTE_GROUPS: bytes that are not printable ASCII,
 * and "%" and ",", are written %XX, so that they pass every front; groups are separated by
 * ",". */
void remote_text_encode(struct buf *out, const char *text);
/* The text for showing, cut to fit; as it stands when it is not encoded so; "" for NULL and
 * what is no UTF-8 or holds controls. */
void remote_text_decode(const char *sent, char *dst, size_t size);
void remote_groups_decode(const char *sent, struct strv *out);

#endif
