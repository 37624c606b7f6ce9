/* seed.h: what the two halves of seeding share. Layer: sandbox. Source:
 * sandbox/data/README.md. */
#ifndef CW_SANDBOX_PROCORE_SEED_H
#define CW_SANDBOX_PROCORE_SEED_H

#include "procore/sim.h"

struct seed {
	struct sim *s;
	struct json *people;    /* key or user to Procore id */
	struct json *companies; /* key to its object in companies.json */
	struct json *projects;  /* key to the procore object in projects.json */
	int64_t vendor;         /* the firm as a vendor */
	int64_t today;          /* midnight UTC of the day of seeding: day 0 */
};

/* A file of the seed folder, whole. errors: ERR_IO, ERR_LIMIT; name it */
int seed_read(struct sim *s, const char *name, struct buf *out, struct err *e);
int seed_json(struct sim *s, const char *name, struct json **out, struct err *e);
/* The Procore id behind a key; 0: none. */
int64_t seed_person(const struct seed *sd, const char *key);
/* RFIs, submittals and recorded payloads: seed_work.c */
int seed_work(struct seed *sd, struct err *e);

#endif
