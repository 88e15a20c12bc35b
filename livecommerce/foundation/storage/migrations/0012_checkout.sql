-- What payment providers tell, in whatever order and however often they tell it.

CREATE TABLE provider_event (
  id         text PRIMARY KEY,                           -- "provider:id of theirs": a second telling changes nothing
  attempt_id uuid,                                       -- null: about something that is not ours
  at         timestamptz NOT NULL DEFAULT clock_timestamp()
);

ALTER TABLE payment_attempt ADD COLUMN key text CHECK (length(key) BETWEEN 1 AND 64),  -- of the buyer's intent
                            ADD COLUMN asked_at timestamptz;                           -- when we last asked the provider
CREATE UNIQUE INDEX one_attempt_per_key ON payment_attempt (order_id, key);

ALTER TABLE orders ADD COLUMN paid_by uuid REFERENCES payment_attempt;  -- the attempt that brought the money
UPDATE orders o SET paid_by = (SELECT a.id FROM payment_attempt a WHERE a.order_id = o.id AND a.status = 'succeeded'
                               ORDER BY a.id LIMIT 1)
 WHERE o.paid_at IS NOT NULL;

-- A refund that a provider refuses waits behind the others, and is never dropped.
ALTER TABLE refund ADD COLUMN tries int NOT NULL DEFAULT 0,
                   ADD COLUMN next_at timestamptz NOT NULL DEFAULT clock_timestamp();

-- The sandbox's own side: payments that wait for their buyer on the test page, and what it has yet to tell us.
ALTER TABLE sandbox_payment
  DROP CONSTRAINT sandbox_payment_status_check,
  ADD CONSTRAINT sandbox_payment_status_check CHECK (status IN ('open', 'succeeded', 'declined')),
  ADD COLUMN script text NOT NULL DEFAULT 'success',
  ADD COLUMN amount text NOT NULL DEFAULT '';
CREATE TABLE sandbox_event (
  id         uuid PRIMARY KEY,
  attempt_id uuid NOT NULL REFERENCES sandbox_payment,
  status     text NOT NULL CHECK (status IN ('succeeded', 'declined')),
  times      int NOT NULL,
  due_at     timestamptz NOT NULL
);
CREATE INDEX sandbox_event_due ON sandbox_event (due_at);
