"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from livecommerce.foundation.core.settings import Settings, load

Config = Annotated[Path | None, Parameter(help="A TOML file with the settings that differ from the defaults.")]
DataDir = Annotated[Path | None, Parameter(help="Where embedded databases, images and secrets live.")]


def settings_from(config: Path | None, data_dir: Path | None, **flags: dict[str, Any]) -> Settings:
    """Read all sources; flags that were not given stay out of the way."""
    tree = {section: {k: v for k, v in values.items() if v is not None} for section, values in flags.items()}
    if data_dir is not None:
        tree.setdefault("data", {})["dir"] = str(data_dir)
    return load(file=config, env=os.environ, flags=tree)
