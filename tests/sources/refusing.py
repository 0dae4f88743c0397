"""A landscape of one system, and what is said of it where its folder refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources import catalog
from sources.landscape_file import read_landscape

LANDSCAPE = """tenant = "acme"

[[instances]]
name = "theirs"
kind = "{kind}"
role = "crm"
base_url = "http://127.0.0.1:1"

[instances.settings]
{setting}
"""


def refused(tmp_path: Path, kind: str, setting: str) -> list[str]:
    """What is said of a landscape with this setting."""
    path = tmp_path / "revgraph.toml"
    path.write_text(LANDSCAPE.format(kind=kind, setting=setting))
    with pytest.raises(catalog.CannotOpenError) as error:
        catalog.open_sources(read_landscape(path, {}))
    return str(error.value).splitlines()[1:]
