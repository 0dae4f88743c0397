from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources.s4hana.cap.server import NotInstalledError, installed, started


@pytest.fixture(scope="session")
def cap_url() -> Iterator[str]:
    """SAP's own OData V2 server with the rows of cap/rows.py: its address up to the service names.

    Tests that use it carry `pytest.mark.contracts` and `pytest.mark.xdist_group("cap")`.
    """
    source = os.environ.get("REVGRAPH_SAP_ODATA")
    if not source:
        pytest.skip("REVGRAPH_SAP_ODATA is not set: no copy of SAP's OData server to judge by")
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are needed to install SAP's OData server")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "revgraph"
    try:
        home = installed(Path(source), cache)
    except NotInstalledError as why:
        pytest.skip(f"SAP's OData server could not be installed: {why}")
    with started(home) as url:
        yield url
