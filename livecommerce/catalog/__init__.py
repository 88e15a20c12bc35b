"""What the shop sells: products, their variants (SKU), prices and images."""
