-- What pages show. ?1: the person sees all, ?2: the person's id; so in every statement with "visible".
-- Connected Projects: what is cut off first, then what needs attention, then by number. The rank follows
-- core/status without the services, which concern all projects alike.

-- VIEW_PROJECT_IDS roles: web admin plan: scan the list is ranked over all projects of the person
-- seats: 2 somebody can carry the project, 1 somebody cannot, NULL nobody sits there.
WITH visible (id) AS (
    SELECT id FROM connection WHERE ?1 AND state <> 'disconnected'
     UNION
    SELECT pa.connection_id FROM project_admin AS pa JOIN connection AS c ON c.id = pa.connection_id
     WHERE NOT ?1 AND pa.person_id = ?2 AND c.state <> 'disconnected'
     UNION
    SELECT b.connection_id FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
      JOIN connection AS c ON c.id = b.connection_id
     WHERE NOT ?1 AND x.person_id = ?2 AND b.removed_at IS NULL AND c.state <> 'disconnected'),
seen (id, state, app_state, npc_number, npc_name, seats) AS MATERIALIZED (
    SELECT c.id, c.state, co.app_state, c.npc_number, c.npc_name,
           (SELECT 2 * max(b.state <> 'permission_lost' AND a.state IN ('ok', 'suspect'))
                   + max(b.state IN ('permission_lost', 'no_contact') OR a.state IN ('needed', 'lost'))
              FROM bic AS b JOIN account AS a ON a.id = b.account_id
             WHERE b.connection_id = c.id AND b.removed_at IS NULL)
      FROM visible AS v JOIN connection AS c ON c.id = v.id
      JOIN company AS co ON co.procore_company_id = c.procore_company_id),
ranked (id, npc_number, npc_name, rank) AS (
    SELECT id, npc_number, npc_name,
           CASE WHEN state = 'paused' THEN 3
                WHEN app_state = 'not_connected' OR seats IS NULL OR seats < 2 THEN 0
                WHEN seats = 3 THEN 1
                ELSE 2 END
      FROM seen)
SELECT id FROM ranked ORDER BY rank, npc_number, npc_name, id LIMIT ?3 OFFSET ?4;

-- VIEW_PROJECTS_COUNT roles: web plan: scan as VIEW_PROJECT_IDS
WITH visible (id) AS (
    SELECT id FROM connection WHERE ?1 AND state <> 'disconnected'
     UNION
    SELECT pa.connection_id FROM project_admin AS pa JOIN connection AS c ON c.id = pa.connection_id
     WHERE NOT ?1 AND pa.person_id = ?2 AND c.state <> 'disconnected'
     UNION
    SELECT b.connection_id FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
      JOIN connection AS c ON c.id = b.connection_id
     WHERE NOT ?1 AND x.person_id = ?2 AND b.removed_at IS NULL AND c.state <> 'disconnected'),
seen (id, state, app_state, npc_number, npc_name, seats) AS MATERIALIZED (
    SELECT c.id, c.state, co.app_state, c.npc_number, c.npc_name,
           (SELECT 2 * max(b.state <> 'permission_lost' AND a.state IN ('ok', 'suspect'))
                   + max(b.state IN ('permission_lost', 'no_contact') OR a.state IN ('needed', 'lost'))
              FROM bic AS b JOIN account AS a ON a.id = b.account_id
             WHERE b.connection_id = c.id AND b.removed_at IS NULL)
      FROM visible AS v JOIN connection AS c ON c.id = v.id
      JOIN company AS co ON co.procore_company_id = c.procore_company_id),
ranked (id, npc_number, npc_name, rank) AS (
    SELECT id, npc_number, npc_name,
           CASE WHEN state = 'paused' THEN 3
                WHEN app_state = 'not_connected' OR seats IS NULL OR seats < 2 THEN 0
                WHEN seats = 3 THEN 1
                ELSE 2 END
      FROM seen)
SELECT count(*), ifnull(sum(rank = 0), 0), ifnull(sum(rank = 1), 0) FROM ranked;

-- VIEW_PROJECTS roles: web admin
-- Some projects (?1: JSON list of ids), in the list's order.
SELECT c.id, c.npc_number, c.npc_name, c.npc_server, c.procore_number, c.procore_name, co.name, c.state,
       co.app_state = 'not_connected', co.since_at, ifnull(c.poll_minutes, 0), c.webhooks,
       ifnull(c.last_sync_at, 0), ifnull(c.next_sync_at, 0), ifnull(c.sync_requested_at, 0), c.sync_error,
       (SELECT count(*) FROM issue AS i WHERE i.connection_id = c.id AND i.state = 'open'),
       (SELECT count(*) FROM item AS t WHERE t.connection_id = c.id AND t.state = 'waiting'),
       (SELECT count(*) FROM item AS t JOIN response AS r ON r.item_id = t.id
         WHERE t.connection_id = c.id AND r.state = 'waiting'),
       c.procore_company_id, c.changed_at
  FROM json_each(?1) AS j JOIN connection AS c ON c.id = j.value
  JOIN company AS co ON co.procore_company_id = c.procore_company_id
 WHERE c.state <> 'disconnected' ORDER BY j.key;

-- VIEW_SEATS roles: web admin
-- Seats of some connections (?1: JSON list of ids), in failover order.
SELECT b.id, b.connection_id, b.account_id, b.position, b.state, b.state_text, b.npc_contact_id, b.rfi_level,
       b.submittal_level, ifnull(b.checked_at, 0), a.public_id, a.login,
       CASE WHEN a.name <> '' THEN a.name
            ELSE ifnull((SELECT p.name FROM person_account AS x JOIN person AS p ON p.id = x.person_id
                          WHERE x.account_id = a.id AND p.removed_at IS NULL ORDER BY p.id LIMIT 1), '') END,
       a.state, a.cause, a.cause_text, a.since_at, ifnull(a.proved_at, 0), ifnull(a.access_expires_at, 0),
       EXISTS (SELECT 1 FROM job AS j WHERE j.kind = 'check_bic' AND j.ref = b.id)
       OR EXISTS (SELECT 1 FROM job AS j WHERE j.kind = 'resume' AND j.ref = a.id)
  FROM bic AS b JOIN account AS a ON a.id = b.account_id
 WHERE b.connection_id IN (SELECT value FROM json_each(?1)) AND b.removed_at IS NULL
 ORDER BY b.connection_id, b.position, b.id;

-- VIEW_ACCOUNT_MAIL roles: web
-- The last mail of an account's open incident.
SELECT m.to_address, m.state, ifnull(m.sent_at, 0)
  FROM incident AS i JOIN mail AS m ON m.incident_id = i.id
 WHERE i.subject = 'account' AND i.subject_id = ?1 || '' AND i.closed_at IS NULL
 ORDER BY m.id DESC LIMIT 1;

-- VIEW_COMPANY_MAIL roles: web
-- The first mail about a company's open incident.
SELECT m.to_address, m.state, ifnull(m.sent_at, 0)
  FROM incident AS i JOIN mail AS m ON m.incident_id = i.id
 WHERE i.subject = 'company' AND i.subject_id = ?1 || '' AND i.closed_at IS NULL
 ORDER BY m.id LIMIT 1;

-- VIEW_ACCOUNT_NAME roles: web
-- The name of an account's owner: Procore's, else that of a person joined to it.
SELECT CASE WHEN a.name <> '' THEN a.name
            ELSE ifnull((SELECT p.name FROM person_account AS x JOIN person AS p ON p.id = x.person_id
                          WHERE x.account_id = a.id AND p.removed_at IS NULL ORDER BY p.id LIMIT 1), '') END
  FROM account AS a WHERE a.id = ?1;

-- VIEW_MARKS roles: web
SELECT side, kind, max(pass_at) FROM mark WHERE connection_id = ?1 GROUP BY side, kind;

-- VIEW_ITEM_COUNTS roles: web
SELECT kind, count(*), sum(npc_id IS NOT NULL) FROM item WHERE connection_id = ?1 GROUP BY kind;

-- VIEW_RESPONSE_COUNTS roles: web
SELECT ifnull(sum(r.state = 'sent'), 0), ifnull(sum(r.state = 'waiting'), 0)
  FROM item AS t JOIN response AS r ON r.item_id = t.id WHERE t.connection_id = ?1;

-- VIEW_MAP roles: web
-- One row per action that Project Center offers or that is mapped.
SELECT k.action, ifnull(m.procore_response_id, 0), ifnull(m.procore_name, '')
  FROM (SELECT key AS action FROM response_choice WHERE connection_id = ?1 AND side = 'npc'
         UNION SELECT npc_action FROM response_map WHERE connection_id = ?1) AS k
  LEFT JOIN response_map AS m ON m.connection_id = ?1 AND m.npc_action = k.action
 ORDER BY k.action;

-- VIEW_CHOICES roles: web
SELECT key, name FROM response_choice WHERE connection_id = ?1 AND side = 'procore' ORDER BY CAST(key AS INTEGER), key;

-- VIEW_ITEMS roles: web
SELECT t.id, t.kind, t.number, t.revision, t.subject, t.npc_number, t.state, t.reason_text, t.changed_at
  FROM item AS t WHERE t.connection_id = ?1 ORDER BY t.changed_at DESC, t.id DESC LIMIT ?2;

-- VIEW_HISTORY roles: web
-- Audit rows of a project and of the accounts that sit in it, newest first.
SELECT s.at, s.actor, s.action, s.target, s.detail,
       ifnull((SELECT p.name FROM person AS p WHERE p.user_name = s.actor), ''),
       ifnull((SELECT a.login FROM account AS a
                WHERE a.id = CASE WHEN s.target GLOB 'account [0-9]*' THEN CAST(substr(s.target, 9) AS INTEGER) END), '')
  FROM audit AS s
 WHERE s.target IN (SELECT 'connection ' || ?1
                     UNION SELECT 'account ' || b.account_id FROM bic AS b WHERE b.connection_id = ?1)
   AND s.action <> 'denied'
 ORDER BY s.id DESC LIMIT ?2;

-- VIEW_PAUSED_BY roles: web
SELECT s.at, s.actor, ifnull((SELECT p.name FROM person AS p WHERE p.user_name = s.actor), '')
  FROM audit AS s WHERE s.target = 'connection ' || ?1 AND s.action = 'connection.pause' ORDER BY s.id DESC LIMIT 1;

-- VIEW_ISSUES roles: web plan: scan open issues only, by the partial index
-- ?3: of this project only, 0 all.
WITH visible (id) AS (
    SELECT id FROM connection WHERE ?1 AND state <> 'disconnected'
     UNION
    SELECT pa.connection_id FROM project_admin AS pa JOIN connection AS c ON c.id = pa.connection_id
     WHERE NOT ?1 AND pa.person_id = ?2 AND c.state <> 'disconnected'
     UNION
    SELECT b.connection_id FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
      JOIN connection AS c ON c.id = b.connection_id
     WHERE NOT ?1 AND x.person_id = ?2 AND b.removed_at IS NULL AND c.state <> 'disconnected')
SELECT i.id, i.connection_id, trim(c.npc_number || ' ' || c.npc_name), ifnull(i.item_id, 0), ifnull(t.kind, ''),
       ifnull(t.number, ''), ifnull(t.revision, ''), i.direction, i.message, i.remedy, i.tries, i.first_at, i.last_at,
       EXISTS (SELECT 1 FROM project_admin AS pa WHERE pa.connection_id = c.id AND pa.person_id = ?2),
       EXISTS (SELECT 1 FROM person_account AS x WHERE x.person_id = ?2 AND x.account_id = t.account_id)
  FROM issue AS i JOIN visible AS v ON v.id = i.connection_id JOIN connection AS c ON c.id = i.connection_id
  LEFT JOIN item AS t ON t.id = i.item_id
 WHERE i.state = 'open' AND (?3 = 0 OR i.connection_id = ?3)
 ORDER BY i.last_at DESC, i.id DESC LIMIT ?4 OFFSET ?5;

-- VIEW_ISSUES_COUNT roles: web plan: scan open issues only, by the partial index
WITH visible (id) AS (
    SELECT id FROM connection WHERE ?1 AND state <> 'disconnected'
     UNION
    SELECT pa.connection_id FROM project_admin AS pa JOIN connection AS c ON c.id = pa.connection_id
     WHERE NOT ?1 AND pa.person_id = ?2 AND c.state <> 'disconnected'
     UNION
    SELECT b.connection_id FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
      JOIN connection AS c ON c.id = b.connection_id
     WHERE NOT ?1 AND x.person_id = ?2 AND b.removed_at IS NULL AND c.state <> 'disconnected')
SELECT count(*) FROM issue AS i JOIN visible AS v ON v.id = i.connection_id
 WHERE i.state = 'open' AND (?3 = 0 OR i.connection_id = ?3);

-- VIEW_ISSUE roles: web
SELECT i.connection_id, ifnull(i.item_id, 0), ifnull(t.account_id, 0), i.message
  FROM issue AS i LEFT JOIN item AS t ON t.id = i.item_id WHERE i.id = ?1 AND i.state = 'open';

-- VIEW_ITEM roles: web
SELECT t.connection_id, t.kind, t.number, t.revision, t.subject, t.npc_number, t.state, t.reason_text, t.procore_status,
       t.npc_status, ifnull(t.account_id, 0), ifnull(a.login, ''), ifnull(a.name, ''), t.agreed, t.kept, t.changed_at,
       ifnull(t.previous_id, 0), ifnull(p.number, ''), ifnull(p.revision, ''),
       ifnull(n.id, 0), ifnull(n.number, ''), ifnull(n.revision, ''), trim(c.npc_number || ' ' || c.npc_name)
  FROM item AS t JOIN connection AS c ON c.id = t.connection_id
  LEFT JOIN account AS a ON a.id = t.account_id
  LEFT JOIN item AS p ON p.id = t.previous_id
  LEFT JOIN item AS n ON n.id = (SELECT x.id FROM item AS x WHERE x.connection_id = t.connection_id
                                    AND x.kind = t.kind AND x.previous_id = t.id LIMIT 1)
 WHERE t.id = ?1;

-- VIEW_ITEM_REMEDY roles: web
SELECT remedy FROM issue WHERE item_id = ?1 AND state = 'open' ORDER BY last_at DESC LIMIT 1;

-- VIEW_FILES roles: web
SELECT name, ifnull(bytes, -1), origin, state, detail FROM item_file WHERE item_id = ?1 ORDER BY id;

-- VIEW_RESPONSES roles: web
SELECT r.ordinal, ifnull(nullif(a.name, ''), r.author_login), r.at, r.action, r.body, r.state, r.reason
  FROM response AS r LEFT JOIN account AS a ON a.id = r.account_id WHERE r.item_id = ?1 ORDER BY r.id DESC;

-- VIEW_ITEM_EVENTS roles: web
SELECT v.at, v.actor, v.text, ifnull((SELECT p.name FROM person AS p WHERE p.user_name = v.actor), ''),
       ifnull((SELECT a.login FROM account AS a WHERE a.id = v.account_id), '')
  FROM item_event AS v WHERE v.item_id = ?1 ORDER BY v.id DESC LIMIT ?2;

-- VIEW_ACCOUNT_PROJECTS roles: web
-- Projects that an account serves, those cut off by it first; the last column: may this person open it?
SELECT c.id, trim(c.npc_number || ' ' || c.npc_name),
       ?3 OR EXISTS (SELECT 1 FROM project_admin AS pa WHERE pa.connection_id = c.id AND pa.person_id = ?2)
       OR EXISTS (SELECT 1 FROM person_account AS x JOIN bic AS y ON y.account_id = x.account_id
                   WHERE x.person_id = ?2 AND y.connection_id = c.id AND y.removed_at IS NULL)
  FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
 WHERE b.account_id = ?1 AND b.removed_at IS NULL AND c.state <> 'disconnected'
 ORDER BY c.npc_number, c.npc_name, c.id LIMIT ?4;

-- VIEW_ACCOUNT_PROJECTS_COUNT roles: web
SELECT count(*) FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
 WHERE b.account_id = ?1 AND b.removed_at IS NULL AND c.state <> 'disconnected';

-- VIEW_ACCOUNTS roles: web plan: scan accounts are few against projects
-- Whoever needs a sign-in first. Those whose grant is still to be revoked at Procore have no seat any more: for
-- whoever sees all. Projects: at most three a row, as lines of id and name.
WITH visible (id) AS (
    SELECT id FROM connection WHERE ?1 AND state <> 'disconnected'
     UNION
    SELECT pa.connection_id FROM project_admin AS pa JOIN connection AS c ON c.id = pa.connection_id
     WHERE NOT ?1 AND pa.person_id = ?2 AND c.state <> 'disconnected'
     UNION
    SELECT b.connection_id FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
      JOIN connection AS c ON c.id = b.connection_id
     WHERE NOT ?1 AND x.person_id = ?2 AND b.removed_at IS NULL AND c.state <> 'disconnected'),
answers (account_id, n) AS MATERIALIZED (
    SELECT r.account_id, count(*) FROM response AS r CROSS JOIN item AS t ON t.id = r.item_id
     WHERE r.state = 'waiting' AND t.connection_id IN (SELECT id FROM visible) GROUP BY r.account_id),
page (id) AS MATERIALIZED (
    SELECT a.id FROM account AS a LEFT JOIN job AS j ON ?1 AND j.kind = 'revoke' AND j.ref = a.id
     WHERE a.id IN (SELECT b.account_id FROM bic AS b JOIN visible AS v ON v.id = b.connection_id
                     WHERE b.removed_at IS NULL)
        OR j.id IS NOT NULL
     ORDER BY a.state IN ('ok', 'suspect'), a.login_folded LIMIT ?3 OFFSET ?4),
seat (account_id, connection_id) AS MATERIALIZED (
    SELECT b.account_id, b.connection_id FROM page AS g JOIN bic AS b ON b.account_id = g.id
      JOIN visible AS v ON v.id = b.connection_id
     WHERE b.removed_at IS NULL)
SELECT a.id, a.public_id, a.login, a.name,
       ifnull((SELECT group_concat(ifnull(nullif(p.name, ''), p.user_name), ', ')
                 FROM person_account AS x JOIN person AS p ON p.id = x.person_id
                WHERE x.account_id = a.id AND p.removed_at IS NULL), ''),
       (SELECT count(*) FROM seat AS s WHERE s.account_id = a.id),
       a.state, a.since_at, ifnull(a.proved_at, 0), a.cause_text,
       (SELECT count(*) FROM seat AS s
          JOIN item AS t ON t.connection_id = s.connection_id AND t.state = 'waiting' AND t.account_id = a.id
         WHERE s.account_id = a.id)
       + ifnull((SELECT w.n FROM answers AS w WHERE w.account_id = a.id), 0),
       ?1 OR EXISTS (SELECT 1 FROM project_admin AS pa JOIN seat AS s ON s.connection_id = pa.connection_id
                      WHERE pa.person_id = ?2 AND s.account_id = a.id),
       ifnull((SELECT group_concat(n.line, char(10))
                 FROM (SELECT c.id || ' ' || trim(c.npc_number || ' ' || c.npc_name) AS line
                         FROM seat AS s JOIN connection AS c ON c.id = s.connection_id WHERE s.account_id = a.id
                        ORDER BY c.npc_number, c.npc_name, c.id LIMIT 3) AS n), ''),
       j.id IS NOT NULL, ifnull(j.error, '')
  FROM page AS g JOIN account AS a ON a.id = g.id LEFT JOIN job AS j ON ?1 AND j.kind = 'revoke' AND j.ref = a.id
 ORDER BY a.state IN ('ok', 'suspect'), a.login_folded;

-- Is a person Project Admin where the account has a seat?
-- VIEW_ACCOUNT_ADMIN roles: web
SELECT EXISTS (SELECT 1 FROM bic AS b JOIN connection AS c ON c.id = b.connection_id
                 JOIN project_admin AS pa ON pa.connection_id = c.id
                WHERE b.account_id = ?1 AND pa.person_id = ?2 AND b.removed_at IS NULL AND c.state <> 'disconnected');

-- VIEW_ACCOUNTS_COUNT roles: web plan: scan as VIEW_ACCOUNTS
WITH visible (id) AS (
    SELECT id FROM connection WHERE ?1 AND state <> 'disconnected'
     UNION
    SELECT pa.connection_id FROM project_admin AS pa JOIN connection AS c ON c.id = pa.connection_id
     WHERE NOT ?1 AND pa.person_id = ?2 AND c.state <> 'disconnected'
     UNION
    SELECT b.connection_id FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
      JOIN connection AS c ON c.id = b.connection_id
     WHERE NOT ?1 AND x.person_id = ?2 AND b.removed_at IS NULL AND c.state <> 'disconnected')
SELECT count(*) FROM (
       SELECT b.account_id FROM bic AS b JOIN visible AS v ON v.id = b.connection_id WHERE b.removed_at IS NULL
        UNION SELECT j.ref FROM job AS j WHERE ?1 AND j.kind = 'revoke');

-- VIEW_ACTIVITY roles: web plan: scan as VIEW_PROJECT_IDS
WITH visible (id) AS (
    SELECT id FROM connection WHERE ?1 AND state <> 'disconnected'
     UNION
    SELECT pa.connection_id FROM project_admin AS pa JOIN connection AS c ON c.id = pa.connection_id
     WHERE NOT ?1 AND pa.person_id = ?2 AND c.state <> 'disconnected'
     UNION
    SELECT b.connection_id FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
      JOIN connection AS c ON c.id = b.connection_id
     WHERE NOT ?1 AND x.person_id = ?2 AND b.removed_at IS NULL AND c.state <> 'disconnected')
SELECT s.at, s.actor, s.action, s.target, s.detail,
       ifnull((SELECT p.name FROM person AS p WHERE p.user_name = s.actor), ''),
       ifnull((SELECT a.login FROM account AS a
                WHERE a.id = CASE WHEN s.target GLOB 'account [0-9]*' THEN CAST(substr(s.target, 9) AS INTEGER) END), ''),
       ifnull(c.id, 0), ifnull(trim(c.npc_number || ' ' || c.npc_name), '')
  FROM audit AS s
  LEFT JOIN connection AS c ON c.state <> 'disconnected'
   AND c.id = CASE WHEN s.target GLOB 'connection [0-9]*' THEN CAST(substr(s.target, 12) AS INTEGER) END
 WHERE ?1 OR s.target IN (
       SELECT 'connection ' || v.id FROM visible AS v
        UNION SELECT 'account ' || b.account_id FROM bic AS b JOIN visible AS v ON v.id = b.connection_id)
 ORDER BY s.id DESC LIMIT ?3 OFFSET ?4;

-- VIEW_ACTIVITY_COUNT roles: web plan: scan as VIEW_PROJECT_IDS
WITH visible (id) AS (
    SELECT id FROM connection WHERE ?1 AND state <> 'disconnected'
     UNION
    SELECT pa.connection_id FROM project_admin AS pa JOIN connection AS c ON c.id = pa.connection_id
     WHERE NOT ?1 AND pa.person_id = ?2 AND c.state <> 'disconnected'
     UNION
    SELECT b.connection_id FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
      JOIN connection AS c ON c.id = b.connection_id
     WHERE NOT ?1 AND x.person_id = ?2 AND b.removed_at IS NULL AND c.state <> 'disconnected')
SELECT count(*) FROM audit AS s
 WHERE ?1 OR s.target IN (
       SELECT 'connection ' || v.id FROM visible AS v
        UNION SELECT 'account ' || b.account_id FROM bic AS b JOIN visible AS v ON v.id = b.connection_id);

-- VIEW_PEOPLE roles: web plan: scan people are few
SELECT p.id, p.name, p.user_name, p.mail, p.global_admin,
       (SELECT count(*) FROM project_admin AS pa JOIN connection AS c ON c.id = pa.connection_id
         WHERE pa.person_id = p.id AND c.state <> 'disconnected'),
       (SELECT count(DISTINCT b.connection_id) FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
          JOIN connection AS c ON c.id = b.connection_id
         WHERE x.person_id = p.id AND b.removed_at IS NULL AND c.state <> 'disconnected'),
       (SELECT count(*) FROM (
               SELECT pa.connection_id AS id FROM project_admin AS pa WHERE pa.person_id = p.id
                UNION SELECT b.connection_id FROM person_account AS x JOIN bic AS b ON b.account_id = x.account_id
                       WHERE x.person_id = p.id AND b.removed_at IS NULL) AS u
          JOIN connection AS c ON c.id = u.id WHERE c.state <> 'disconnected'),
       ifnull((SELECT group_concat(a.login, char(10)) FROM person_account AS x JOIN account AS a ON a.id = x.account_id
                WHERE x.person_id = p.id), '')
  FROM person AS p WHERE p.removed_at IS NULL ORDER BY p.name, p.user_name LIMIT ?1 OFFSET ?2;

-- VIEW_PEOPLE_COUNT roles: web plan: scan people are few
SELECT count(*) FROM person WHERE removed_at IS NULL;

-- VIEW_HEALTH roles: web plan: scan a page for Global Admins, counts of small tables
SELECT (SELECT count(*) FROM connection WHERE state <> 'disconnected'),
       (SELECT count(*) FROM mail WHERE state = 'queued'),
       (SELECT count(*) FROM job),
       (SELECT count(*) FROM job WHERE error <> ''),
       (SELECT count(*) FROM audit WHERE mac IS NULL),
       (SELECT count(*) FROM issue WHERE state = 'open');

-- VIEW_JOBS_FAILED roles: web plan: scan a page for Global Admins
SELECT kind, ref, error FROM job WHERE error <> '' ORDER BY id LIMIT 20;

-- VIEW_PASSES roles: web
SELECT p.started_at, p.finished_at, p.found, p.done, p.skipped, p.failed, p.calls, p.detail, ifnull(a.login, '')
  FROM pass AS p LEFT JOIN account AS a ON a.id = p.account_id
 WHERE p.connection_id = ?1 ORDER BY p.id DESC LIMIT ?2;

-- VIEW_QUIET roles: web
SELECT ifnull(sum(passes), 0), ifnull(sum(calls), 0) FROM pass_hour WHERE connection_id = ?1 AND hour_at >= ?2;

-- VIEW_WAITING roles: web
-- What waits in a project by kind and way, and what that has cost elsewhere so far.
SELECT w.way = 'out', w.n, ifnull(c.items, 0), ifnull(c.calls, 0), ifnull(c.ms, 0)
  FROM (SELECT kind, 'in' AS way, count(*) AS n FROM item WHERE connection_id = ?1 AND state = 'waiting' GROUP BY kind
         UNION ALL
        SELECT t.kind, 'out', count(*) FROM item AS t JOIN response AS r ON r.item_id = t.id
         WHERE t.connection_id = ?1 AND r.state = 'waiting' GROUP BY t.kind) AS w
  LEFT JOIN item_cost AS c ON c.kind = w.kind AND c.way = w.way;

-- VIEW_PROGRESS roles: web
-- The subqueries give one row always. SQLite takes limit, remaining and reset from the row of the maximum.
SELECT (SELECT count(*) FROM item WHERE connection_id = ?1 AND changed_at >= ?2
           AND (next_try_at IS NULL OR next_try_at > ?3)),
       (SELECT count(*) FROM item WHERE connection_id = ?1 AND next_try_at <= ?3),
       EXISTS (SELECT 1 FROM job WHERE kind = 'sync' AND ref = ?1 AND owner <> '' AND lease_until_at > ?3),
       b.limit_n, b.remaining, b.reset_at
  FROM (SELECT ifnull(max(u.limit_n), 0) AS limit_n, ifnull(u.remaining, 0) AS remaining,
               ifnull(u.reset_at, 0) AS reset_at
          FROM bic AS s JOIN connection AS c ON c.id = s.connection_id
          JOIN budget AS u ON u.account_id = s.account_id AND u.company_id = c.procore_company_id
         WHERE s.connection_id = ?1 AND s.removed_at IS NULL) AS b;
