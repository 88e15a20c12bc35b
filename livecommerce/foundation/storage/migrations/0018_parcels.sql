-- Orders of one buyer and show that travel in one parcel.
ALTER TABLE orders ADD COLUMN parcel_id uuid;
CREATE INDEX orders_of_parcel ON orders (parcel_id) WHERE parcel_id IS NOT NULL;
