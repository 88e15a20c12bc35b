-- The line of a pool that is sold out: units that come back are offered to those in line, first come first served.
--
-- Lock order: the pool's row is locked before its line, always; holds before pools, as everywhere.

-- Units that people in line wait for. Nobody else is sold them, so a click cannot overtake the line.
ALTER TABLE stock_pool ADD COLUMN waiting int NOT NULL DEFAULT 0 CHECK (waiting >= 0);
COMMENT ON COLUMN stock_hold.extended IS 'by the buyer, once';

CREATE TABLE waitlist_entry (
  id        uuid PRIMARY KEY,
  place     bigint GENERATED ALWAYS AS IDENTITY,            -- given out under the lock of the pool: the order of the line
  pool_id   uuid NOT NULL,
  show_id   uuid NOT NULL,
  buyer     uuid NOT NULL,
  qty       int NOT NULL CHECK (qty > 0),
  state     text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'offered', 'passed', 'left', 'ended')),
  hold_id   uuid UNIQUE,                                    -- what was offered
  joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  CONSTRAINT offered_is_held CHECK ((state = 'offered') = (hold_id IS NOT NULL))
);
CREATE UNIQUE INDEX waitlist_once ON waitlist_entry (pool_id, show_id, buyer) WHERE state = 'waiting';
CREATE INDEX waitlist_line ON waitlist_entry (pool_id, place) WHERE state = 'waiting';
CREATE INDEX waitlist_of_buyer ON waitlist_entry (buyer, place) WHERE state IN ('waiting', 'offered');

CREATE OR REPLACE VIEW stock_level AS
  SELECT id, kind, variant_id, show_id, total, held, sold, limit_per_buyer, nullif(starts_at, '-infinity') AS starts_at,
         least(nullif(ends_at, 'infinity'), given_back_at) AS ends_at, paused_by IS NOT NULL AS is_paused, ver, waiting
    FROM stock_pool;

-- As before, but what is free is what the line leaves.
CREATE OR REPLACE FUNCTION stock_hold_batch(p_pool uuid, p_id uuid[], p_show uuid[], p_buyer uuid[], p_key text[], p_qty int[],
                                 p_minor bigint[], p_currency text[], p_max_open int)
RETURNS TABLE (o_id uuid, o_state text, o_reason text, o_minor bigint, o_currency text, o_expires_at timestamptz,
               o_expires_in_ms bigint, o_extended boolean, o_available int, o_ver bigint)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
  pool    stock_pool;
  t       timestamptz;
  free    int;
  taken   int := 0;
  seen    stock_hold[];      -- the hold already stored under the click's key
  who     int[];             -- dense number of the click's (show, buyer)
  twin    int[];             -- first click of the batch with the same key
  units   int[];             -- by who: units held or bought of the variant
  opened  int[];             -- by who: holds not yet paid
  answer  stock_hold[];
  fresh   stock_hold[] := '{}';   -- what this batch adds
  h       stock_hold;
  why     text;
BEGIN
  PERFORM set_config('synchronous_commit', 'on', true);
  SELECT * INTO pool FROM stock_pool WHERE id = p_pool FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  t := clock_timestamp();                                        -- after the lock: the only clock that decides
  free := greatest(0, pool.total - pool.held - pool.sold - pool.waiting);   -- what comes back is for the line

  -- Subqueries rather than joins: a plan made while the tables are empty has no other way than the index.
  SELECT array_agg((SELECT s FROM stock_hold s WHERE s.pool_id = p_pool AND s.buyer = c.buyer AND s.key = c.key)
                   ORDER BY c.n),
         array_agg(c.who ORDER BY c.n), array_agg(c.twin ORDER BY c.n)
    INTO seen, who, twin
    FROM (SELECT a.n, a.buyer, a.key, dense_rank() OVER (ORDER BY a.show, a.buyer)::int AS who,
                 min(a.n) OVER (PARTITION BY a.buyer, a.key)::int AS twin
            FROM unnest(p_show, p_buyer, p_key) WITH ORDINALITY AS a(show, buyer, key, n)) c;
  SELECT array_agg(coalesce((SELECT l.qty FROM stock_buyer_limit l WHERE l.variant_id = pool.variant_id
                                AND l.show_id = b.show AND l.buyer = b.buyer), 0) ORDER BY b.show, b.buyer),
         array_agg((SELECT count(*)::int FROM stock_hold o WHERE o.buyer = b.buyer AND o.state IN ('held', 'paying'))
                   ORDER BY b.show, b.buyer)
    INTO units, opened
    FROM (SELECT DISTINCT a.show, a.buyer FROM unnest(p_show, p_buyer) AS a(show, buyer)) b;

  FOR i IN 1 .. cardinality(p_id) LOOP
    h := seen[i];
    IF h.id IS NULL AND twin[i] < i THEN h := answer[twin[i]]; END IF;
    IF h.id IS NOT NULL THEN
      IF h.qty <> p_qty[i] THEN h.state := 'rejected'; h.reason := 'key_reused'; h.expires_at := NULL; END IF;
    ELSE
      why := CASE WHEN pool.paused_by IS NOT NULL THEN 'paused'
                  WHEN pool.given_back_at IS NOT NULL OR t >= pool.ends_at THEN 'ended'
                  WHEN t < pool.starts_at THEN 'not_started'
                  WHEN units[who[i]] + p_qty[i] > pool.limit_per_buyer THEN 'limit_reached'
                  WHEN opened[who[i]] >= p_max_open THEN 'limit_reached'
                  WHEN taken + p_qty[i] > free THEN 'sold_out' END;
      h := ROW(p_id[i], p_pool, p_show[i], p_buyer[i], p_key[i], p_qty[i], p_minor[i], p_currency[i],
               CASE WHEN why IS NULL THEN 'held' ELSE 'rejected' END, why, 0, t,
               CASE WHEN why IS NULL THEN t + make_interval(secs => pool.hold_s) END,
               CASE WHEN why IS NOT NULL THEN t END, false, false);
      IF why IS NULL OR why IN ('sold_out', 'limit_reached') THEN fresh := array_append(fresh, h); END IF;
      IF why IS NULL THEN
        taken := taken + p_qty[i];
        units[who[i]] := units[who[i]] + p_qty[i];
        opened[who[i]] := opened[who[i]] + 1;
      END IF;
    END IF;
    answer[i] := h;
  END LOOP;

  INSERT INTO stock_hold SELECT * FROM unnest(fresh);
  IF taken > 0 THEN
    INSERT INTO stock_move (pool_id, hold_id, kind, d_held, at)
      SELECT p_pool, f.id, 'hold', f.qty, t FROM unnest(fresh) f WHERE f.state = 'held';
    INSERT INTO stock_buyer_limit AS l (show_id, variant_id, buyer, qty, limit_qty)
      SELECT f.show_id, pool.variant_id, f.buyer, sum(f.qty), pool.limit_per_buyer
        FROM unnest(fresh) f WHERE f.state = 'held' GROUP BY f.show_id, f.buyer ORDER BY f.show_id, f.buyer
      ON CONFLICT (variant_id, show_id, buyer)
      DO UPDATE SET qty = l.qty + EXCLUDED.qty, limit_qty = EXCLUDED.limit_qty;
    UPDATE stock_pool SET held = held + taken, ver = ver + 1 WHERE id = p_pool RETURNING * INTO pool;
  END IF;
  RETURN QUERY
    SELECT a.id, a.state, a.reason, a.price_minor, a.currency, a.expires_at,
           (extract(epoch FROM a.expires_at - t) * 1000)::bigint, a.extended,
           greatest(0, pool.total - pool.held - pool.sold - pool.waiting), pool.ver
      FROM unnest(answer) WITH ORDINALITY AS a ORDER BY a.ordinality;
END $$;

-- Hold units for the first in line, in a pool that the caller has locked: as many as are free and allowed, at most
-- p_qty, for p_hold_s. Answers how many; 0 when the buyer may have none. Never more than there is: never_oversold.
CREATE FUNCTION stock_offer(p_pool uuid, p_id uuid, p_show uuid, p_buyer uuid, p_qty int, p_minor bigint, p_currency text,
                            p_hold_s int, p_max_open int)
RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  pool stock_pool;
  t    timestamptz := clock_timestamp();
  mine int;
  n    int;
BEGIN
  PERFORM set_config('synchronous_commit', 'on', true);
  SELECT * INTO STRICT pool FROM stock_pool WHERE id = p_pool;
  SELECT coalesce(sum(qty), 0) INTO mine FROM stock_buyer_limit
   WHERE variant_id = pool.variant_id AND show_id = p_show AND buyer = p_buyer;
  n := least(p_qty, pool.total - pool.held - pool.sold, pool.limit_per_buyer - mine);
  IF n <= 0 OR p_max_open <= (SELECT count(*) FROM stock_hold WHERE buyer = p_buyer AND state IN ('held', 'paying')) THEN
    RETURN 0;
  END IF;
  INSERT INTO stock_hold (id, pool_id, show_id, buyer, key, qty, price_minor, currency, state, created_at, expires_at)
    VALUES (p_id, p_pool, p_show, p_buyer, 'waitlist-' || p_id, n, p_minor, p_currency, 'held', t,
            t + make_interval(secs => p_hold_s));
  INSERT INTO stock_move (pool_id, hold_id, kind, d_held, at) VALUES (p_pool, p_id, 'hold', n, t);
  INSERT INTO stock_buyer_limit AS l (show_id, variant_id, buyer, qty, limit_qty)
    VALUES (p_show, pool.variant_id, p_buyer, n, pool.limit_per_buyer)
    ON CONFLICT (variant_id, show_id, buyer)
    DO UPDATE SET qty = l.qty + EXCLUDED.qty, limit_qty = EXCLUDED.limit_qty;
  UPDATE stock_pool SET held = held + n, ver = ver + 1 WHERE id = p_pool;
  RETURN n;
END $$;
