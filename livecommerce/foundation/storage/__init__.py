"""PostgreSQL, Redis and blobs: the only places where drivers are touched besides `store.py` files."""
