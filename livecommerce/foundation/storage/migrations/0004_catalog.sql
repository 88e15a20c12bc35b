-- What the shop sells. Stock lives in the room below (0003) and knows a variant only by its id.

CREATE TABLE products (
    id               uuid PRIMARY KEY,
    handle           text NOT NULL UNIQUE CHECK (handle ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(handle) <= 100),
    title            text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    description_html text NOT NULL DEFAULT '' CHECK (char_length(description_html) <= 50000),
    axes             jsonb NOT NULL DEFAULT '[]',
    image_keys       text[] NOT NULL DEFAULT '{}',
    per_buyer_limit  integer CHECK (per_buyer_limit BETWEEN 1 AND 1000),
    hold_s           integer CHECK (hold_s BETWEEN 60 AND 3600),
    is_archived      boolean NOT NULL DEFAULT false,
    version          integer NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
);

CREATE TABLE variants (
    id               uuid PRIMARY KEY,
    product_id       uuid NOT NULL REFERENCES products,
    position         integer NOT NULL,
    sku              text NOT NULL UNIQUE CHECK (char_length(sku) BETWEEN 1 AND 64),
    options          jsonb NOT NULL DEFAULT '{}',
    price_minor      bigint NOT NULL CHECK (price_minor > 0),
    compare_at_minor bigint CHECK (compare_at_minor > price_minor),
    currency         char(3) NOT NULL,
    tax_inclusive    boolean NOT NULL,
    tax_rate         text NOT NULL CHECK (tax_rate ~ '^0(\.[0-9]{1,4})?$'),
    image_key        text,
    is_archived      boolean NOT NULL DEFAULT false,
    UNIQUE (product_id, position)
);
