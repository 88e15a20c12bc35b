-- Parts of orders can be refunded, with their units back in stock or not.

ALTER TABLE orders ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0,
                   ADD CONSTRAINT never_refunded_more CHECK (refunded_minor BETWEEN 0 AND total_minor);
ALTER TABLE order_line ADD COLUMN refunded int NOT NULL DEFAULT 0,
                       ADD CONSTRAINT never_refunded_more CHECK (refunded BETWEEN 0 AND quantity);
UPDATE orders SET refunded_minor = total_minor WHERE status = 'refunded';
UPDATE order_line l SET refunded = quantity FROM orders o WHERE o.id = l.order_id AND o.status = 'refunded';

DROP INDEX one_refund_per_attempt;
CREATE INDEX refund_of_attempt ON refund (attempt_id);
ALTER TABLE refund ADD COLUMN key text CHECK (length(key) BETWEEN 1 AND 64);   -- of the intent of who refunds
CREATE UNIQUE INDEX one_refund_per_key ON refund (order_id, key);

-- Return units of sold holds that the caller has locked. The journal has one return per hold and refund;
-- returned_was_sold fails what returns more than was sold.
CREATE FUNCTION stock_return_units(p_hold uuid[], p_qty int[], p_actor uuid, p_ref uuid)
RETURNS SETOF stock_level
LANGUAGE plpgsql AS $$
DECLARE
  pools uuid[];
  d     record;
BEGIN
  PERFORM set_config('synchronous_commit', 'on', true);
  SELECT array_agg(DISTINCT v.id) INTO pools
    FROM stock_hold h JOIN stock_pool p ON p.id = h.pool_id CROSS JOIN LATERAL unnest(ARRAY[p.id, p.variant_id]) AS v(id)
   WHERE h.id = ANY (p_hold);
  PERFORM 1 FROM stock_pool WHERE id = ANY (pools) ORDER BY id FOR NO KEY UPDATE;
  INSERT INTO stock_move (pool_id, hold_id, kind, d_sold, actor, ref)
    SELECT h.pool_id, h.id, 'return', -u.qty, p_actor, p_ref
      FROM unnest(p_hold, p_qty) AS u(id, qty) JOIN stock_hold h ON h.id = u.id ORDER BY h.id;
  UPDATE stock_hold h SET returned = h.returned + u.qty FROM unnest(p_hold, p_qty) AS u(id, qty) WHERE h.id = u.id;
  UPDATE stock_pool p SET sold = p.sold - r.qty, ver = p.ver + 1
    FROM (SELECT h.pool_id, sum(u.qty)::int AS qty
            FROM unnest(p_hold, p_qty) AS u(id, qty) JOIN stock_hold h ON h.id = u.id GROUP BY h.pool_id) r
   WHERE p.id = r.pool_id;
  FOR d IN SELECT p.variant_id, h.show_id, h.buyer, sum(u.qty)::int AS qty
             FROM unnest(p_hold, p_qty) AS u(id, qty) JOIN stock_hold h ON h.id = u.id JOIN stock_pool p ON p.id = h.pool_id
            GROUP BY p.variant_id, h.show_id, h.buyer ORDER BY h.show_id, p.variant_id, h.buyer LOOP
    UPDATE stock_buyer_limit SET qty = qty - d.qty
     WHERE variant_id = d.variant_id AND show_id = d.show_id AND buyer = d.buyer;
  END LOOP;
  PERFORM stock_flow_back(pools);
  RETURN QUERY SELECT * FROM stock_level WHERE id = ANY (pools);
END $$;
