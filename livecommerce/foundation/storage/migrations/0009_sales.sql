-- Flash sales. Their units live in a stock pool of the same id, fenced off from the variant's.
CREATE TABLE flash_sale (
  id              uuid PRIMARY KEY REFERENCES stock_pool,
  show_id         uuid NOT NULL,
  product_id      uuid NOT NULL,
  variant_id      uuid NOT NULL,
  price_minor     bigint NOT NULL CHECK (price_minor > 0),
  struck_minor    bigint NOT NULL,                       -- the regular price when the sale was scheduled
  currency        text NOT NULL,
  quantity        int NOT NULL CHECK (quantity > 0),
  per_buyer_limit int CHECK (per_buyer_limit > 0),
  hold_s          int NOT NULL,
  state           text NOT NULL CHECK (state IN ('scheduled', 'open', 'closed')),
  opens_at        timestamptz NOT NULL,
  closes_at       timestamptz NOT NULL,
  closed_at       timestamptz,
  closed_reason   text CHECK (closed_reason IN ('ended', 'sold_out', 'host')),
  version         int NOT NULL DEFAULT 1,
  CONSTRAINT cheaper_than_usual CHECK (price_minor < struck_minor),
  CONSTRAINT sane_window CHECK (closes_at > opens_at),
  CONSTRAINT closed_for_a_reason CHECK ((state = 'closed') = (closed_reason IS NOT NULL AND closed_at IS NOT NULL))
);
CREATE INDEX flash_sale_of_show ON flash_sale (show_id, id);
CREATE INDEX flash_sale_to_come ON flash_sale (opens_at) WHERE state = 'scheduled';
CREATE INDEX flash_sale_going_on ON flash_sale (closes_at) WHERE state <> 'closed';
