"""The commands, one file each. Exit status: 0 done, 1 failed, 2 wrong usage. Errors are one sentence."""

from livecommerce.cli.app import main

__all__ = ["main"]
