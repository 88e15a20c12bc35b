"""SQL lives in `.sql` files beside the store that runs it: `-- name: get_show` starts a statement."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


class Queries:
    """The statements of one `queries.sql`, as attributes."""

    def __init__(self, source: str, text: str) -> None:
        self._source = source
        parts = _NAME.split(text)
        self._statements = {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}
        if len(self._statements) != len(parts) // 2:
            raise ValueError(f"{source} names a statement twice")

    def __getattr__(self, name: str) -> str:
        try:
            return self._statements[name]
        except KeyError:
            raise AttributeError(f"{self._source} has no statement named {name}") from None


@cache
def queries(package: str, file: str = "queries.sql") -> Queries:
    """Load `queries.sql` of a package (pass `__package__`)."""
    return Queries(f"{package}/{file}", files(package).joinpath(file).read_text(encoding="utf-8"))
