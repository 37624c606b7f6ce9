/* callback: finishes OAuth: code for tokens, who signed in, may they, store sealed
 * (DESIGN.md 2, 7). The only page program that talks to the network; it cannot open a
 * stored token. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/rnd.h"
#include "base/str.h"
#include "core/keys.h"
#include "core/oauth_token.h"
#include "io/crypt.h"
#include "web/callback.h"

struct callback {
	struct oauth_ctx oauth;
	struct http *http;
	struct secret client_secret;
	struct crypt_key writer, reader;
	char owner[64];
};

/* "pid.random": marks this process in leases and in the journal of token calls. */
static int
name_owner(char *dst, size_t size)
{
	struct buf hex = BUF_INIT(32);
	unsigned char raw[8];
	int rc;

	rnd_bytes(raw, sizeof raw);
	enc_hex(&hex, raw, sizeof raw);
	rc = str_format(dst, size, "%ld.%s", (long)getpid(), buf_str(&hex));
	buf_clear(&hex);
	return rc;
}

static int
open_callback(struct callback *c, struct web_app *app, struct err *e)
{
	const struct conf *conf = &app->conf;
	struct http_conf h = {.ca_file = conf->ca_file,
	    .proxy = conf->https_proxy,
	    .user_agent = PACKAGE_NAME "/" PACKAGE_VERSION};

	if (keys_callback(conf, &c->writer, &c->reader, e) == -1 ||
	    conf_secret(conf, CONF_CALLBACK, "procore_client_secret_file",
		&c->client_secret, e) == -1 ||
	    http_new(&h, &c->http, e) == -1)
		return -1;
	/* A database that waits for its migration is the page's business (503), not a reason to stop. */
	if (keys_callback_check(app->db, &c->writer, &c->reader, e) == -1 && e->code == ERR_INPUT)
		return -1;
	err_clear(e);
	if (name_owner(c->owner, sizeof c->owner) == -1)
		return err_set(e, ERR_BUG, "the name of this process");
	c->oauth = (struct oauth_ctx){.db = app->db,
	    .conf = conf,
	    .http = c->http,
	    .client_secret = &c->client_secret,
	    .writer = &c->writer,
	    .reader = &c->reader,
	    .owner = c->owner,
	    .total_ms = OAUTH_CALLBACK_MS};
	app->extra = &c->oauth;
	return 0;
}

static void
close_callback(struct callback *c)
{
	http_free(c->http);
	secret_clear(&c->client_secret);
	crypt_key_clear(&c->writer);
	crypt_key_clear(&c->reader);
}

int
main(int argc, char **argv)
{
	struct web_app app = {.routes = callback_routes, .routes_n = callback_routes_n};
	struct callback c = {.http = NULL};
	struct err e = {0};
	int rc = 1;

	if (web_open(&app, "callback", CONF_CALLBACK, DB_ROLE_AUTH, argc, argv) == -1)
		return 1;
	if (open_callback(&c, &app, &e) == -1)
		fprintf(stderr, "callback: cannot start: %s\n", e.msg);
	else
		rc = web_serve(&app);
	close_callback(&c);
	web_close(&app);
	return rc;
}
