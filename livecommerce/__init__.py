"""livecommerce: a self-hosted server for live shopping."""
