-- What an order costs besides its goods: shipping by zone, tax by country, coupons.

-- The shop's own tables, replaced as a whole by the operator; checked before they are written.
CREATE TABLE checkout_terms (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  tables   jsonb NOT NULL,
  version  int NOT NULL DEFAULT 1
);

CREATE TABLE coupon (
  code           text PRIMARY KEY CHECK (code ~ '^[A-Z0-9-]{3,32}$'),
  percent        int CHECK (percent BETWEEN 1 AND 100),
  amount_minor   bigint CHECK (amount_minor > 0),
  currency       text,                                   -- of amount and minimum
  minimum_minor  bigint NOT NULL DEFAULT 0 CHECK (minimum_minor >= 0),
  uses_max       int CHECK (uses_max > 0),               -- over all buyers; null: no limit
  per_buyer_max  int CHECK (per_buyer_max > 0),
  valid_from     timestamptz,
  valid_until    timestamptz,
  CONSTRAINT percent_or_amount CHECK ((percent IS NULL) <> (amount_minor IS NULL))
);

ALTER TABLE orders ADD COLUMN discount_minor bigint NOT NULL DEFAULT 0 CHECK (discount_minor >= 0),
                   ADD COLUMN shipping_tax_minor bigint NOT NULL DEFAULT 0 CHECK (shipping_tax_minor >= 0),
                   ADD COLUMN shipping_option text,
                   ADD COLUMN coupon text REFERENCES coupon;
ALTER TABLE order_line ADD COLUMN discount_minor bigint NOT NULL DEFAULT 0 CHECK (discount_minor >= 0),
                       ADD COLUMN tax_rate text;
CREATE INDEX orders_with_coupon ON orders (coupon) WHERE coupon IS NOT NULL AND status <> 'cancelled';
