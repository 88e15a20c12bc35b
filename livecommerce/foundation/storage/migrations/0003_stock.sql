-- The ledger: what is in stock, promised and sold. Redis may lie or vanish; these tables decide.
--
-- Lock order, everywhere: holds by id → pools by id → buyer limits by (show, variant, buyer).
-- Hot tables carry no foreign keys: stock_hold_batch() has locked the pool before it writes about it,
-- and a trigger per row would cost more than the row.

CREATE TABLE stock_pool (
  id              uuid PRIMARY KEY,                              -- the variant's or the flash sale's own id
  kind            text NOT NULL CHECK (kind IN ('variant', 'flash_sale')),
  variant_id      uuid NOT NULL REFERENCES stock_pool,           -- whose units these are; a variant's pool names itself
  show_id         uuid,                                          -- where a flash sale is sold
  total           int NOT NULL CHECK (total >= 0),
  held            int NOT NULL DEFAULT 0 CHECK (held >= 0),
  sold            int NOT NULL DEFAULT 0 CHECK (sold >= 0),
  limit_per_buyer int CHECK (limit_per_buyer > 0),               -- null: no limit
  starts_at       timestamptz NOT NULL DEFAULT '-infinity',
  ends_at         timestamptz NOT NULL DEFAULT 'infinity',
  hold_s          int NOT NULL CHECK (hold_s BETWEEN 1 AND 86400),
  paused_by       text CHECK (paused_by IN ('host', 'audit')),
  given_back_at   timestamptz,                                   -- from then on free units flow to the variant's pool
  ver             bigint NOT NULL DEFAULT 1,
  CONSTRAINT never_oversold CHECK (held + sold <= total),
  CONSTRAINT sane_window CHECK (ends_at > starts_at),
  CONSTRAINT variant_names_itself CHECK ((kind = 'variant') = (variant_id = id))
) WITH (fillfactor = 20);                                        -- the hottest row of the house: leave room for HOT updates
CREATE INDEX stock_pool_of_variant ON stock_pool (variant_id) WHERE kind = 'flash_sale';

CREATE TABLE stock_hold (
  id          uuid PRIMARY KEY,
  pool_id     uuid NOT NULL,
  show_id     uuid NOT NULL,
  buyer       uuid NOT NULL,
  key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
  qty         int NOT NULL CHECK (qty > 0),
  price_minor bigint NOT NULL CHECK (price_minor >= 0),          -- promised with the unit, each
  currency    text NOT NULL,
  state       text NOT NULL CHECK (state IN ('held', 'paying', 'sold', 'released', 'expired', 'rejected')),
  reason      text,
  returned    int NOT NULL DEFAULT 0,
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz,
  closed_at   timestamptz,
  extended    boolean NOT NULL DEFAULT false,                    -- by the length of an outage
  warned      boolean NOT NULL DEFAULT false,
  CONSTRAINT returned_was_sold CHECK (returned BETWEEN 0 AND qty AND (returned = 0 OR state = 'sold')),
  CONSTRAINT one_outcome_per_key UNIQUE (pool_id, buyer, key)
) WITH (fillfactor = 80);
CREATE INDEX stock_hold_due ON stock_hold (expires_at) WHERE state = 'held';
CREATE INDEX stock_hold_open ON stock_hold (buyer) WHERE state IN ('held', 'paying');

-- Units of a variant that one buyer holds or bought in one show, over its flash sales and the cart alike.
CREATE TABLE stock_buyer_limit (
  show_id    uuid NOT NULL,
  variant_id uuid NOT NULL,
  buyer      uuid NOT NULL,
  qty        int NOT NULL CHECK (qty >= 0),
  limit_qty  int,                                                -- in force when the last unit was granted
  PRIMARY KEY (variant_id, show_id, buyer),
  CONSTRAINT never_over_limit CHECK (qty <= limit_qty)
) WITH (fillfactor = 70);

-- The journal. Rows are only ever added.
CREATE TABLE stock_move (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pool_id uuid NOT NULL,
  hold_id uuid,
  kind    text NOT NULL CHECK (kind IN
            ('open', 'hold', 'sell', 'release', 'expire', 'return', 'adjust', 'fence', 'unfence')),
  d_total int NOT NULL DEFAULT 0,
  d_held  int NOT NULL DEFAULT 0,
  d_sold  int NOT NULL DEFAULT 0,
  reason  text,
  actor   uuid,
  ref     uuid,                                                  -- a refund, or the other pool of a fence
  at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX stock_move_of_pool ON stock_move (pool_id);
CREATE UNIQUE INDEX one_close_per_hold ON stock_move (hold_id) WHERE kind IN ('sell', 'release', 'expire');
CREATE UNIQUE INDEX one_return_per_refund ON stock_move (hold_id, ref) WHERE kind = 'return';

CREATE FUNCTION stock_move_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the stock journal is append-only';
END $$;
CREATE TRIGGER stock_move_is_final BEFORE UPDATE OR DELETE ON stock_move
  FOR EACH ROW EXECUTE FUNCTION stock_move_is_final();

-- When the sweep last ran. A gap means that nobody could pay: holds are extended by it before any expires.
CREATE TABLE stock_heartbeat (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  at       timestamptz NOT NULL
);

-- Decide a batch of clicks on one pool, in order, in one transaction: one lock and one fsync for all.
--
-- A known (buyer, key) is answered with its hold, another quantity under it with key_reused; duplicates inside the
-- batch get one answer. Refusals that may pass (paused, not started) or never change (ended) are not stored.
-- The buyer's counter is read without a lock: if two pools of one variant race for it, never_over_limit fails the
-- later batch and its caller runs it again.
-- Answers one row per click; a pool that does not exist answers none.
CREATE FUNCTION stock_hold_batch(p_pool uuid, p_id uuid[], p_show uuid[], p_buyer uuid[], p_key text[], p_qty int[],
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
  free := pool.total - pool.held - pool.sold;

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
           pool.total - pool.held - pool.sold, pool.ver
      FROM unnest(answer) WITH ORDINALITY AS a ORDER BY a.ordinality;
END $$;

-- Let the free units of flash sales that gave back flow to their variant's pool. Both pools are locked by the caller.
CREATE FUNCTION stock_flow_back(p_pool uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  flash stock_pool;
  free  int;
BEGIN
  FOR flash IN SELECT * FROM stock_pool
                WHERE id = ANY (p_pool) AND given_back_at IS NOT NULL AND held + sold < total ORDER BY id LOOP
    free := flash.total - flash.held - flash.sold;
    UPDATE stock_pool SET total = total - free, ver = ver + 1 WHERE id = flash.id;
    UPDATE stock_pool SET total = total + free, ver = ver + 1 WHERE id = flash.variant_id;
    INSERT INTO stock_move (pool_id, kind, d_total, ref)
      VALUES (flash.id, 'unfence', -free, flash.variant_id), (flash.variant_id, 'unfence', free, flash.id);
  END LOOP;
END $$;

-- What a pool has, as everybody reads it: an open end of its window is null, a given-back sale has ended.
CREATE VIEW stock_level AS
  SELECT id, kind, variant_id, show_id, total, held, sold, limit_per_buyer, nullif(starts_at, '-infinity') AS starts_at,
         least(nullif(ends_at, 'infinity'), given_back_at) AS ends_at, paused_by IS NOT NULL AS is_paused, ver
    FROM stock_pool;

-- Close holds that the caller has locked and found fit: 'sell' and 'release' what is held or paying, 'expire' what is
-- held, 'return' what was sold. Answers the pools that changed.
CREATE FUNCTION stock_close_holds(p_id uuid[], p_kind text, p_actor uuid, p_ref uuid)
RETURNS SETOF stock_level
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
  t     timestamptz := clock_timestamp();
  pools uuid[];
  d     record;
BEGIN
  PERFORM set_config('synchronous_commit', 'on', true);
  SELECT array_agg(DISTINCT v.id) INTO pools
    FROM stock_hold h JOIN stock_pool p ON p.id = h.pool_id CROSS JOIN LATERAL unnest(ARRAY[p.id, p.variant_id]) AS v(id)
   WHERE h.id = ANY (p_id);
  PERFORM 1 FROM stock_pool WHERE id = ANY (pools) ORDER BY id FOR NO KEY UPDATE;

  INSERT INTO stock_move (pool_id, hold_id, kind, d_held, d_sold, actor, ref, at)
    SELECT h.pool_id, h.id, p_kind, CASE WHEN p_kind = 'return' THEN 0 ELSE -h.qty END,
           CASE p_kind WHEN 'sell' THEN h.qty WHEN 'return' THEN -h.qty ELSE 0 END, p_actor, p_ref, t
      FROM stock_hold h WHERE h.id = ANY (p_id) ORDER BY h.id;
  UPDATE stock_hold
     SET state = CASE p_kind WHEN 'release' THEN 'released' WHEN 'expire' THEN 'expired' ELSE 'sold' END,
         returned = CASE WHEN p_kind = 'return' THEN qty ELSE 0 END, closed_at = t
   WHERE id = ANY (p_id);
  FOR d IN SELECT pool_id, sum(qty)::int AS qty FROM stock_hold WHERE id = ANY (p_id) GROUP BY pool_id LOOP
    UPDATE stock_pool
       SET held = held - CASE WHEN p_kind = 'return' THEN 0 ELSE d.qty END,
           sold = sold + CASE p_kind WHEN 'sell' THEN d.qty WHEN 'return' THEN -d.qty ELSE 0 END, ver = ver + 1
     WHERE id = d.pool_id;
  END LOOP;
  IF p_kind <> 'sell' THEN
    FOR d IN SELECT p.variant_id, h.show_id, h.buyer, sum(h.qty)::int AS qty
               FROM stock_hold h JOIN stock_pool p ON p.id = h.pool_id WHERE h.id = ANY (p_id)
              GROUP BY p.variant_id, h.show_id, h.buyer ORDER BY h.show_id, p.variant_id, h.buyer LOOP
      UPDATE stock_buyer_limit SET qty = qty - d.qty
       WHERE variant_id = d.variant_id AND show_id = d.show_id AND buyer = d.buyer;
    END LOOP;
    PERFORM stock_flow_back(pools);
  END IF;
  RETURN QUERY SELECT * FROM stock_level WHERE id = ANY (pools);
END $$;
