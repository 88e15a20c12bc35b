"""Composition roots: the supervisor and the two roles it runs. Each builds its object graph and owns its tasks."""
