"""The HTTP front: decoding, encoding, authentication, problems, limits and documentation of every room's routes."""
