-- name: add_product
INSERT INTO products (id, handle, title, description_html, axes, image_keys, per_buyer_limit, hold_s, is_archived,
                      version, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)

-- name: save_product
UPDATE products SET handle = $2, title = $3, description_html = $4, axes = $5, image_keys = $6, per_buyer_limit = $7,
       hold_s = $8, is_archived = $9, version = $10, updated_at = $11
 WHERE id = $1

-- name: put_variants
INSERT INTO variants (id, product_id, position, sku, options, price_minor, compare_at_minor, currency, tax_inclusive,
                      tax_rate, image_key, is_archived)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::jsonb[], $6::bigint[], $7::bigint[],
                     $8::text[], $9::bool[], $10::text[], $11::text[], $12::bool[])
ON CONFLICT (id) DO UPDATE SET sku = EXCLUDED.sku, options = EXCLUDED.options, price_minor = EXCLUDED.price_minor,
       compare_at_minor = EXCLUDED.compare_at_minor, currency = EXCLUDED.currency,
       tax_inclusive = EXCLUDED.tax_inclusive, tax_rate = EXCLUDED.tax_rate, image_key = EXCLUDED.image_key,
       is_archived = EXCLUDED.is_archived

-- name: products
SELECT id, handle, title, description_html, axes, image_keys, per_buyer_limit, hold_s, is_archived, version
  FROM products WHERE id = ANY($1::uuid[])

-- name: lock_products
SELECT id, handle, title, description_html, axes, image_keys, per_buyer_limit, hold_s, is_archived, version
  FROM products WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE

-- name: variants
SELECT id, product_id, sku, options, price_minor, compare_at_minor, currency, tax_inclusive, tax_rate, image_key,
       is_archived
  FROM variants WHERE product_id = ANY($1::uuid[]) ORDER BY product_id, position

-- name: product_page
SELECT id FROM products
 WHERE ($1::uuid IS NULL OR id < $1) AND (NOT is_archived OR $2) AND ($3 = '' OR title ILIKE $3 ESCAPE '\')
 ORDER BY id DESC LIMIT $4

-- name: product_of_variant
SELECT product_id FROM variants WHERE id = $1

-- name: product_by_handle
SELECT id FROM products WHERE handle = $1

-- name: products_of_skus
SELECT sku, product_id FROM variants WHERE sku = ANY($1::text[])

-- name: on_sale
SELECT id FROM products WHERE id = ANY($1::uuid[]) AND NOT is_archived
