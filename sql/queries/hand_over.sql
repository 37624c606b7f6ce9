-- An admin's leave for another Procore login: lib/store/hand_over.c. Leavers: lib/store/leave.c.

-- HAND_OVER_FOR roles: auth
SELECT id, ifnull(connection_id, 0), new_login, approved_by FROM hand_over
 WHERE account_id = ?1 AND new_login = ?2 AND used_at IS NULL AND withdrawn_at IS NULL ORDER BY id DESC LIMIT 1;

-- HAND_OVER_SEAT roles: web
SELECT id, ifnull(connection_id, 0), new_login, approved_by FROM hand_over
 WHERE account_id = ?1 AND (connection_id IS NULL OR connection_id = ?2)
   AND used_at IS NULL AND withdrawn_at IS NULL ORDER BY id DESC LIMIT 1;

-- HAND_OVER_USED roles: auth
UPDATE hand_over SET used_at = ?2 WHERE id = ?1;

-- HAND_OVER_ADD roles: web
INSERT INTO hand_over (account_id, connection_id, new_login, approved_by, approved_at)
VALUES (?1, nullif(?2, 0), ?3, ?4, ?5);

-- HAND_OVER_WITHDRAW roles: web
-- All that stand for this seat.
UPDATE hand_over SET withdrawn_at = ?4
 WHERE account_id = ?1 AND (connection_id = ?2 OR (connection_id IS NULL AND ?3))
   AND used_at IS NULL AND withdrawn_at IS NULL;

-- HAND_OVER_DOUBLES roles: auth
-- Where the successor has a seat already, the old one ends.
UPDATE bic SET removed_at = ?4
 WHERE account_id = ?1 AND removed_at IS NULL AND (?3 = 0 OR connection_id = ?3)
   AND EXISTS (SELECT 1 FROM bic AS n
                WHERE n.connection_id = bic.connection_id AND n.account_id = ?2 AND n.removed_at IS NULL);

-- HAND_OVER_MOVE roles: auth
UPDATE bic SET account_id = ?2, state = 'unchecked', state_text = '', rfi_level = '', submittal_level = '',
       npc_contact_id = '', checked_at = NULL
 WHERE account_id = ?1 AND removed_at IS NULL AND (?3 = 0 OR connection_id = ?3);

-- HAND_OVER_SEATED roles: web auth sync
SELECT EXISTS (SELECT 1 FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
                WHERE b.account_id = ?1 AND b.removed_at IS NULL AND c.state <> 'disconnected');

-- LEAVE_SEATS roles: web
-- What a leaver's accounts do, and the first working user who would carry on; accounts that another person
-- who stays has too are not theirs alone.
WITH own AS (
    SELECT x.account_id FROM person_account AS x
     WHERE x.person_id = ?1
       AND NOT EXISTS (SELECT 1 FROM person_account AS y JOIN person AS q ON q.id = y.person_id
                        WHERE y.account_id = x.account_id AND y.person_id <> ?1 AND q.removed_at IS NULL))
SELECT c.id, c.npc_number, c.npc_name, a.login,
       ifnull((SELECT n.login FROM bic AS o JOIN account AS n ON n.id = o.account_id
                WHERE o.connection_id = c.id AND o.removed_at IS NULL AND o.state <> 'permission_lost'
                  AND n.state IN ('ok', 'suspect') AND o.account_id NOT IN (SELECT account_id FROM own)
                ORDER BY o.position, o.id LIMIT 1), '')
  FROM own JOIN bic AS b ON b.account_id = own.account_id
  JOIN connection AS c ON c.id = b.connection_id JOIN account AS a ON a.id = b.account_id
 WHERE b.removed_at IS NULL AND c.state <> 'disconnected'
 ORDER BY c.npc_number, c.npc_name, c.id;

-- LEAVE_ACCOUNTS roles: web
SELECT x.account_id FROM person_account AS x
 WHERE x.person_id = ?1
   AND NOT EXISTS (SELECT 1 FROM person_account AS y JOIN person AS q ON q.id = y.person_id
                    WHERE y.account_id = x.account_id AND y.person_id <> ?1 AND q.removed_at IS NULL);

-- LEAVE_UNSEAT roles: web
UPDATE bic SET removed_at = ?2 WHERE account_id = ?1 AND removed_at IS NULL;
