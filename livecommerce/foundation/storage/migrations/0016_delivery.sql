-- When a parcel arrived.
ALTER TABLE orders ADD COLUMN delivered_at timestamptz;
