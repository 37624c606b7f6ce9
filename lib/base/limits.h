/* limits.h: every ceiling with its reason. Layer: base. Sizes are bytes unless the name says otherwise. */
#ifndef CW_BASE_LIMITS_H
#define CW_BASE_LIMITS_H

enum {
	/* A page of 50 rows is under 100 KiB; eight times that means a bug, not a page. */
	LIMIT_PAGE = 1024 * 1024,
	/* A form carries ids, a few texts and a CSRF token. */
	LIMIT_FORM = 64 * 1024,
	/* Longest single form or query value: a reason or a mail text. */
	LIMIT_FIELD = 4096,
	/* Procore lists of 100 RFIs with long questions were seen near 1 MB. */
	LIMIT_API_BODY = 16 * 1024 * 1024,
	/* Token answers are under 5 KB (procore.md 2.3: reserve at least 4 KiB a token). */
	LIMIT_TOKEN_BODY = 64 * 1024,
	LIMIT_TOKEN = 16 * 1024,
	/* A webhook payload is under 1 KB; v4 may carry data. */
	LIMIT_HOOK_BODY = 256 * 1024,
	/* RFC 3986 sets none; browsers and nginx (8 KB header lines) do. */
	LIMIT_URL = 8 * 1024,
	LIMIT_LOGIN = 256,   /* longest login or user name (RFC 5321 4.5.3.1: 254 octets) */
	LIMIT_NPC_ID = 255,  /* opaque ids of Project Center (newforma.md 10) */
	LIMIT_NAME = 512,    /* names of projects, people, files as shown */
	LIMIT_TEXT = 1024 * 1024, /* a question or an answer */
	LIMIT_CONFIG = 256 * 1024,
	LIMIT_JSON_DEPTH = 64, /* Procore nests under 12 deep */
	LIMIT_STRV = 100000,
	/* One attachment. Larger ones become an issue that says so. */
	LIMIT_MAIL = 1024 * 1024
};

/* Largest file carried, bytes: drawings sets of 1 to 2 GB exist; the disk is checked besides. */
#define LIMIT_FILE_BYTES (INT64_C(4) * 1024 * 1024 * 1024)

#endif
