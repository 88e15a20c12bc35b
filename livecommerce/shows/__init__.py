"""Shows: when they are, whether they run, what is in them and what is on the table."""
