"""What the log of a process leaves out."""

from __future__ import annotations

import logging
import sys

import pytest
import structlog
from aiohttp.http_exceptions import LineTooLong

from livecommerce.processes import logs


def _is_written(error: Exception) -> bool:
    try:
        raise error
    except type(error):
        found = sys.exc_info()
    logger = logging.getLogger("aiohttp.server")
    record = logger.makeRecord(logger.name, logging.ERROR, "", 0, "Error handling request", (), found)
    return bool(logger.filter(record))


@pytest.mark.parametrize(
    ("error", "is_written"),
    [(LineTooLong(b"a" * 9000, 8190), False), (RuntimeError("ours"), True)],
)
def test_bytes_that_are_no_http_leave_no_stack_in_the_log(error: Exception, is_written: bool) -> None:
    before = logging.getLogger("aiohttp.server").filters[:]
    try:
        logs.configure("info", process="test")
        assert _is_written(error) is is_written
    finally:
        logging.getLogger("aiohttp.server").filters[:] = before
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
