"""Orders: from holds to paid, shipped, cancelled or refunded."""
