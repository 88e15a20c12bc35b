-- What a provider calls a payment, kept for asking about it and for sending money back.
ALTER TABLE payment_attempt ADD COLUMN reference text;
