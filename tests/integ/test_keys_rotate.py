#!/usr/bin/python3
"""The private key is changed while everything runs: real pages, callback and worker processes (DESIGN.md 7 Seals)."""
import glob
import os

import harness
import seed


class KeysRotate(harness.SignInCase):
    def rows(self, sql):
        with self.rig.db() as db:
            return [tuple(r) for r in db.execute(sql).fetchall()]

    def readers(self):
        return dict(self.rows("SELECT reader_key_id, count(*) FROM token GROUP BY reader_key_id"))

    def sign_in(self, user):
        client, page, login, password = self.start(user)
        self.assertEqual(seed.procore_sign_in(client, page, login, password).status, 200)

    def prove(self):
        """The worker opens every token: each account in use is refreshed by its own pair."""
        before = dict(self.rows("SELECT id, generation FROM account WHERE state = 'ok'"))
        self.rig.move_clock(self.moved)
        self.rig.wait_for("a refresh of every account", lambda: all(
            g > before[i] for i, g in self.rows("SELECT id, generation FROM account WHERE state = 'ok'") if i in before))
        self.assertEqual(len(self.rows("SELECT 1 FROM account WHERE state = 'ok'")), len(before))

    def test_nobody_notices(self):
        key = self.rig.lay.path("keys", "seal_private_key")
        # The sign-in that the seed revoked goes by itself; what is counted then stands still.
        self.rig.wait_for("the loss of the revoked sign-in", lambda: self.rows("SELECT 1 FROM account WHERE state = 'lost'"))
        old, tokens = next(iter(self.readers().items()))
        self.rig.ctl("keys", "rotate")
        self.assertTrue(os.path.exists(key + ".recovery"))
        os.unlink(key + ".recovery")
        self.rig.ctl("keys", "confirm-recovery")
        self.rig.wait_for("all tokens under the new key", lambda: old not in self.readers())
        self.assertEqual(sum(self.readers().values()), tokens)
        # A callback that still holds the old public key loses nothing.
        self.sign_in("zmueller")
        self.moved = 2 * 3600
        self.prove()
        self.rig.wait_for("what callback sealed", lambda: old not in self.readers())
        self.rig.ctl("keys", "rotate", "--finish")
        self.assertEqual(len(glob.glob(key + ".retired-" + old)), 1)
        self.assertFalse(os.path.exists(key + ".next"))
        # Everything is started again and goes on with the new files.
        for part, n in (("connectord", 1), ("callback", 8)):
            for i in range(n):
                self.rig.kill(part, i)
        self.rig.wait_ready()
        self.sign_in("lnakamura")
        self.assertNotIn(old, self.readers())
        self.moved = 4 * 3600
        self.prove()
        self.assertEqual(self.rows("SELECT count(*) FROM seal_key WHERE use = 'reader' AND retired_at IS NULL"), [(1,)])
        words = [a for (a,) in self.rows("SELECT action FROM audit WHERE action LIKE 'keys.%' ORDER BY id")]
        self.assertEqual(words[-4:], ["keys.rotate", "keys.recovery_confirmed", "keys.rotated", "keys.rotate_finished"])


if __name__ == "__main__":
    harness.main()
