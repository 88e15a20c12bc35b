-- Orders: what buyers owe and have paid. Lines of paid orders and sold holds belong to each other one to one.

CREATE SEQUENCE order_number START 1001;                 -- people read it; gaps are fine, waiting for it is not

CREATE TABLE orders (
  id             uuid PRIMARY KEY,
  number         bigint NOT NULL UNIQUE DEFAULT nextval('order_number'),
  show_id        uuid NOT NULL,
  buyer_id       uuid NOT NULL,
  buyer_name     text NOT NULL,
  key            text NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
  status         text NOT NULL CHECK (status IN
                   ('placed', 'paying', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded')),
  currency       text NOT NULL,
  subtotal_minor bigint NOT NULL CHECK (subtotal_minor >= 0),
  shipping_minor bigint NOT NULL CHECK (shipping_minor >= 0),
  tax_minor      bigint NOT NULL CHECK (tax_minor >= 0),
  total_minor    bigint NOT NULL CHECK (total_minor >= 0),
  address        jsonb,
  payment_method text NOT NULL,
  placed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  pay_by         timestamptz NOT NULL,                   -- until then the units are kept for this order
  paid_at        timestamptz,
  shipped_at     timestamptz,
  cancelled_at   timestamptz,
  refunded_at    timestamptz,
  version        int NOT NULL DEFAULT 1,
  CONSTRAINT one_order_per_key UNIQUE (buyer_id, key),
  CONSTRAINT paid_when_paid CHECK ((paid_at IS NOT NULL) = (status IN ('paid', 'shipped', 'delivered', 'refunded')))
);
CREATE INDEX orders_of_show ON orders (show_id, id);
CREATE INDEX orders_of_buyer ON orders (buyer_id, id);
CREATE INDEX orders_unpaid ON orders (pay_by) WHERE status IN ('placed', 'paying');

CREATE TABLE order_line (
  hold_id       uuid PRIMARY KEY REFERENCES stock_hold,  -- a hold is part of at most one order
  order_id      uuid NOT NULL REFERENCES orders,
  position      int NOT NULL,
  product_id    uuid NOT NULL,
  variant_id    uuid NOT NULL,
  title         text NOT NULL,                           -- as it was bought
  variant_title text NOT NULL,
  image_url     text,
  quantity      int NOT NULL CHECK (quantity > 0),
  unit_minor    bigint NOT NULL CHECK (unit_minor >= 0),
  tax_minor     bigint NOT NULL CHECK (tax_minor >= 0),
  UNIQUE (order_id, position)
);

-- One try to pay. Its id is the idempotency key towards the provider: a second card after a decline is a second attempt.
CREATE TABLE payment_attempt (
  id           uuid PRIMARY KEY,
  order_id     uuid NOT NULL REFERENCES orders,
  method       text NOT NULL,
  amount_minor bigint NOT NULL,
  currency     text NOT NULL,
  status       text NOT NULL CHECK (status IN ('open', 'succeeded', 'declined')),
  redirect_url text,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  decided_at   timestamptz
);
CREATE UNIQUE INDEX one_open_attempt_per_order ON payment_attempt (order_id) WHERE status = 'open';
CREATE INDEX payment_attempt_of_order ON payment_attempt (order_id, id);

CREATE TABLE refund (
  id           uuid PRIMARY KEY,
  order_id     uuid NOT NULL REFERENCES orders,
  attempt_id   uuid NOT NULL REFERENCES payment_attempt,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency     text NOT NULL,
  status       text NOT NULL CHECK (status IN ('due', 'done')),
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  done_at      timestamptz
);
CREATE UNIQUE INDEX one_refund_per_attempt ON refund (attempt_id);
CREATE INDEX refund_due ON refund (created_at) WHERE status = 'due';

-- What the sandbox provider remembers, as a real one would on its own side.
CREATE TABLE sandbox_payment (
  attempt_id  uuid PRIMARY KEY,
  status      text NOT NULL CHECK (status IN ('succeeded', 'declined')),
  refunded_by uuid
);
