-- Wishes and plans of the worker: lib/store/job.c.

-- JOB_WISH roles: web auth sync hook admin
-- While the row runs its own due time and priority are spent, so they are taken over by the first wish.
INSERT INTO job (kind, ref, arg, priority, due_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (kind, ref) DO UPDATE
   SET arg = excluded.arg,
       priority = CASE WHEN owner <> '' AND again = 0 THEN excluded.priority
                       ELSE min(priority, excluded.priority) END,
       due_at = CASE WHEN owner <> '' AND again = 0 THEN excluded.due_at
                     ELSE min(due_at, excluded.due_at) END,
       again = owner <> '';

-- JOB_PICK roles: sync
-- A lease that is over first: that work has waited longest. Then level by level: the priorities in use are
-- walked by the index, and of each only the earliest row is looked at.
WITH RECURSIVE level (priority) AS (
    SELECT min(priority) FROM job WHERE owner = ''
     UNION ALL
    SELECT (SELECT min(j.priority) FROM job AS j WHERE j.owner = '' AND j.priority > level.priority)
      FROM level WHERE level.priority IS NOT NULL),
pick (id) AS (
    SELECT (SELECT j.id FROM job AS j
             WHERE j.owner = '' AND j.priority = level.priority AND j.due_at <= ?1
             ORDER BY j.due_at LIMIT 1)
      FROM level WHERE level.priority IS NOT NULL)
SELECT coalesce((SELECT id FROM job WHERE owner <> '' AND lease_until_at <= ?1 ORDER BY lease_until_at LIMIT 1),
                (SELECT id FROM pick WHERE id IS NOT NULL LIMIT 1));

-- JOB_LEASE roles: sync
-- Wishes made so far are served by this run.
UPDATE job SET owner = ?2, lease_until_at = ?3, again = 0
 WHERE id = ?1 AND ((owner = '' AND due_at <= ?4) OR (owner <> '' AND lease_until_at <= ?4));

-- JOB_GET roles: sync
SELECT kind, ref, arg, due_at, tries FROM job WHERE id = ?1;

-- JOB_NEXT roles: sync
-- The next moment at which something may be claimed: a row falls due, or a dead owner's lease ends.
SELECT (SELECT min(due_at) FROM job WHERE owner = ''), (SELECT min(lease_until_at) FROM job WHERE owner <> '');

-- JOB_REMOVE roles: sync
DELETE FROM job WHERE id = ?1 AND owner = ?2 AND again = 0;

-- JOB_FREE roles: sync
-- ?3 when it is due again, ?4 the kind's own priority; a wish made meanwhile counts if it is sooner. The lease
-- ends with the error of this run, '' when it went well.
UPDATE job
   SET owner = '', lease_until_at = 0,
       due_at = CASE WHEN again THEN min(due_at, ?3) ELSE ?3 END,
       priority = CASE WHEN again THEN min(priority, ?4) ELSE ?4 END,
       again = 0, tries = CASE WHEN ?5 = '' THEN 0 ELSE tries + 1 END, error = ?5
 WHERE id = ?1 AND owner = ?2;

-- JOB_RELEASE roles: sync
UPDATE job SET owner = '', lease_until_at = 0, due_at = min(due_at, ?2)
 WHERE owner <> '' AND substr(owner, 1, length(?1)) = ?1;

-- JOB_EXTEND roles: sync
UPDATE job SET lease_until_at = ?3 WHERE id = ?1 AND owner = ?2;

-- JOB_ASKED roles: auth sync
SELECT EXISTS (SELECT 1 FROM job WHERE kind = ?1 AND ref = ?2);

-- JOB_CANCEL roles: auth
DELETE FROM job WHERE kind = ?1 AND ref = ?2;
