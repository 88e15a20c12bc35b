"""Keeping order in a show: sanctions, chat modes, filters, and the verdict on a person or a text."""
