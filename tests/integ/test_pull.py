#!/usr/bin/python3
"""One item pulled by its number, also one that no list has ever named."""
import json
import unittest

import harness
from test_sync import RIVERSIDE, SyncCase


class Pull(SyncCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sign_in("lnakamura")

    def pull(self, kind, number):
        self.assertTrue(self.step("pull", self.connection(RIVERSIDE),
                                  data=json.dumps({"kind": kind, "number": number, "by": "mhalloran"})))

    def items(self, procore_id):
        return self.sql("SELECT * FROM item WHERE procore_id = ?", procore_id)

    def open_issues(self):
        return [r["message"] for r in self.sql("SELECT message FROM issue WHERE state = 'open' AND code LIKE 'pull-%'")]

    def miss(self):
        """Lists begin tomorrow: what comes today is never named by them."""
        self.sql("UPDATE mark SET until_at = until_at + 86400 WHERE connection_id = ?", self.connection(RIVERSIDE))

    def tearDown(self):
        self.sql("UPDATE mark SET until_at = min(until_at, pass_at)")

    def test_never_listed(self):
        self.sync(RIVERSIDE)
        self.miss()
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        self.assertEqual(self.items(rfi["id"]), [])
        self.pull("rfi", str(rfi["number"]))
        self.assertEqual(len(self.items(rfi["id"])), 1)
        wish = self.one("SELECT priority FROM job WHERE kind = 'sync' AND ref = ?", self.connection(RIVERSIDE))
        self.assertEqual(wish["priority"], 10)
        self.sync(RIVERSIDE)
        item = self.item(RIVERSIDE, rfi["id"])
        self.assertEqual(item["state"], "linked")
        there = self.npc_rows("item", f"external_id = 'procore-rfi-{rfi['id']}'")
        self.assertEqual(len(there), 1)
        said = self.sql("SELECT actor, text FROM item_event WHERE item_id = ?", item["id"])
        self.assertIn({"actor": "mhalloran", "text": "Pulled again by its number"}, said)
        # once more: nothing is doubled
        self.pull("rfi", str(rfi["number"]))
        self.sync(RIVERSIDE)
        self.assertEqual(len(self.npc_rows("item", f"external_id = 'procore-rfi-{rfi['id']}'")), 1)
        self.assertEqual(self.open_issues(), [])

    def test_older_than_the_connection(self):
        # a connection that began only now: what was written before is left out, until somebody asks for it
        was = self.one("SELECT sync_from_at FROM connection WHERE id = ?", self.connection(RIVERSIDE))["sync_from_at"]
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sql("UPDATE connection SET sync_from_at = sync_from_at + 86400 * 3650 WHERE id = ?",
                 self.connection(RIVERSIDE))
        try:
            self.sync(RIVERSIDE)
            self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "skipped")
            self.pull("rfi", str(rfi["number"]))
            self.sync(RIVERSIDE)
            self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "linked")
        finally:
            self.sql("UPDATE connection SET sync_from_at = ? WHERE id = ?", was, self.connection(RIVERSIDE))

    def test_no_such_number(self):
        self.pull("submittal", "no & such <number>")
        self.assertEqual(self.open_issues(), [
            "Submittal no & such <number> is not in the Procore project, or no BIC user may see it"])
        sub = self.contractor("create_submittal", {
            "project": self.projects[RIVERSIDE]["procore"]["id"], "title": "Roof hatch", "section": "07 54 19",
            "description": "Data sheet", "steps": [[self.login("lnakamura")]], "number": "no & such <number>"})
        self.assertEqual(sub["number"], "no & such <number>")
        self.miss()
        self.pull("submittal", "no & such <number>")
        self.assertEqual(self.open_issues(), [])
        self.sync(RIVERSIDE)
        item = self.item(RIVERSIDE, sub["id"])
        self.assertEqual(item["state"], "linked")
        # by the number that people see, with its section
        self.assertNotEqual(item["number"], sub["number"])
        self.pull("submittal", item["number"])
        self.assertEqual(self.open_issues(), [])
        said = self.sql("SELECT 1 FROM item_event WHERE item_id = ? AND actor = 'mhalloran'", item["id"])
        self.assertEqual(len(said), 2)

    def test_while_procore_is_down(self):
        """Not finding it is no proof then; afterwards it is."""
        self.contractor("status", {"prefix": "/rest/", "status": 503})
        self.pull("rfi", "99999")
        self.assertEqual(self.open_issues(), [])
        self.contractor("calm", {})
        self.sql("DELETE FROM budget")
        self.pull("rfi", "99999")
        self.assertEqual(self.open_issues(), ["RFI 99999 is not in the Procore project, or no BIC user may see it"])
        self.sql("UPDATE issue SET state = 'cleared', ended_at = last_at WHERE state = 'open'")


if __name__ == "__main__":
    harness.main()
