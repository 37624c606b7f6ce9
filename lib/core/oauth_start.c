#include "config.h"

#include "core/oauth_start.h"

#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/rnd.h"
#include "base/str.h"
#include "io/crypt.h"
#include "store/attempt.h"

static const char *const purposes[] = {
    [OAUTH_RECONNECT] = "reconnect",
    [OAUTH_ADD_BIC] = "add_bic",
    [OAUTH_CONNECT] = "connect",
    [OAUTH_HAND_OVER] = "hand_over",
};

/* RFC 7636 4.1: 43 characters of the unreserved set; base64url of 32 bytes is just that. */
void
oauth_verifier(const struct secret *session_key, const char *state, char out[64])
{
	static const char label[] = "pkce:";
	struct buf in = BUF_INIT(LIMIT_FIELD);
	struct buf text = BUF_INIT(64);
	uint8_t mac[CRYPT_SHA256_BYTES];

	buf_puts(&in, label);
	buf_puts(&in, state);
	crypt_hmac256(session_key->p, session_key->len, in.p, in.len, mac);
	enc_base64url(&text, mac, sizeof mac);
	str_cut(out, 64, buf_str(&text));
	buf_clear(&in);
	buf_clear(&text);
}

/* code_challenge = BASE64URL(SHA256(verifier)), RFC 7636 4.2. */
static void
challenge(const char *verifier, struct buf *out)
{
	uint8_t sum[CRYPT_SHA256_BYTES];

	crypt_sha256(verifier, strlen(verifier), sum);
	enc_base64url(out, sum, sizeof sum);
}

static void
add_param(struct buf *url, char sep, const char *key, const char *value)
{
	buf_putc(url, sep);
	buf_puts(url, key);
	buf_putc(url, '=');
	enc_percent(url, value);
}

static void
authorize_url(const struct conf *c, const struct secret *session_key, const char *state, struct buf *url)
{
	buf_puts(url, c->procore_login_url);
	buf_puts(url, "/oauth/authorize");
	add_param(url, '?', "response_type", "code");
	add_param(url, '&', "client_id", c->procore_client_id);
	add_param(url, '&', "redirect_uri", c->redirect_uri);
	add_param(url, '&', "state", state);
	if (c->procore_pkce) {
		struct buf sum = BUF_INIT(64);
		char verifier[64];

		oauth_verifier(session_key, state, verifier);
		challenge(verifier, &sum);
		add_param(url, '&', "code_challenge", buf_str(&sum));
		add_param(url, '&', "code_challenge_method", "S256");
		buf_clear(&sum);
	}
}

int
oauth_start(struct db *db, const struct conf *c, const struct secret *session_key, const struct oauth_ask *ask,
    struct buf *url, struct err *e)
{
	struct attempt a = {.account_id = ask->account_id, .connection_id = ask->connection_id};
	uint8_t sum[ATTEMPT_HASH_BYTES];
	char state[65]; /* hexadecimal: Procore asks for an alphanumeric state (procore.md 2.1) */
	size_t before = url->len;

	rnd_hex(state, 32);
	crypt_sha256(state, strlen(state), sum);
	crypt_sha256(ask->cookie, strlen(ask->cookie), a.cookie_sha256);
	a.created_at = clk_now();
	a.expires_at = a.created_at + OAUTH_ATTEMPT_S;
	if (str_copy(a.purpose, sizeof a.purpose, purposes[ask->purpose]) == -1 ||
	    str_copy(a.user_name, sizeof a.user_name, ask->user_name) == -1 ||
	    str_copy(a.return_to, sizeof a.return_to, ask->return_to) == -1)
		return err_set(e, ERR_INPUT, "the name or the way back is too long");
	if (attempt_add(db, sum, &a, e) == -1)
		return -1;
	authorize_url(c, session_key, state, url);
	if (buf_check(url, "the authorize URL", e) == -1) {
		buf_truncate(url, before);
		return -1;
	}
	return 0;
}
