"""SAP's own OData V2 server (CAP), installed once into the user's cache and started on a free port."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.sources.s4hana.cap.rows import TABLES, as_csv

NODE = "node@22"
LISTENING = re.compile(r"server listening on \{ url: 'http://localhost:(\d+)' \}")
INSTALLS_WITHIN = 400
# Pages of eight orders, and the entity tags that the real system has.
EXTRAS = """using {API_SALES_ORDER_SRV as Orders} from './external/API_SALES_ORDER_SRV';
using {API_BILLING_DOCUMENT_SRV as Bills} from './external/API_BILLING_DOCUMENT_SRV';
annotate Orders.A_SalesOrder with @cds.query.limit: {default: 8, max: 8};
annotate Orders.A_SalesOrder with { LastChangeDateTime @odata.etag };
annotate Bills.A_BillingDocument with { LastChangeDateTime @odata.etag };
"""


class NotInstalledError(Exception):
    """The server could not be installed; says why."""


def installed(source: Path, cache: Path) -> Path:
    """The folder of an installed server with our rows, built once for this content; raises NotInstalledError."""
    home = cache / f"sap-odata-{_digest(source)}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "sap-odata.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            shutil.rmtree(home, ignore_errors=True)
            _install(source, home)
            (home / "ready").touch()
    return home


@contextmanager
def started(home: Path) -> Iterator[str]:
    """The running server's address up to the service names, without a slash at the end."""
    command = [str(_node(home) / "node"), "node_modules/@sap/cds/bin/serve.js"]
    environment = {**_environment(home), "PORT": "0"}
    with subprocess.Popen(
        command, cwd=home / "cap", env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            yield f"http://localhost:{_port(server)}/sap/opu/odata/sap"
        finally:
            server.terminate()


def _digest(source: Path) -> str:
    digest = hashlib.sha256(f"{NODE}{EXTRAS}{TABLES}".encode())
    for path in sorted(source.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(source)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _install(source: Path, home: Path) -> None:
    shutil.copytree(source, home / "cap", copy_function=shutil.copyfile)
    for folder in [home / "cap", *(path for path in (home / "cap").rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    (home / "node").mkdir()
    (home / "node" / "package.json").write_text('{"private": true}')
    _npm(home, home / "node", "install", NODE)
    _npm(home, home / "cap", "install", "--ignore-scripts")
    (home / "cap" / "srv" / "extras.cds").write_text(EXTRAS)
    for old in (home / "cap" / "srv" / "external" / "data").glob("*.csv"):
        old.unlink()
    for service, tables in TABLES.items():
        for name, rows in tables.items():
            (home / "cap" / "srv" / "external" / "data" / f"{service}-{name}.csv").write_text(as_csv(rows))


def _npm(home: Path, folder: Path, *arguments: str) -> None:
    command = ["npm", *arguments, "--no-audit", "--no-fund"]
    try:
        subprocess.run(
            command, cwd=folder, env=_environment(home), check=True, capture_output=True, timeout=INSTALLS_WITHIN
        )
    except (OSError, subprocess.SubprocessError) as failure:
        raise NotInstalledError(f"npm {' '.join(arguments)} failed: {type(failure).__name__}") from failure


def _node(home: Path) -> Path:
    return home / "node" / "node_modules" / "node" / "bin"


def _environment(home: Path) -> Mapping[str, str]:
    return {**os.environ, "PATH": f"{_node(home)}{os.pathsep}{os.environ['PATH']}", "NODE_NO_WARNINGS": "1"}


def _port(server: subprocess.Popen[str]) -> str:
    """The port that the server says it took; what it says later is read and dropped, so that it never blocks."""
    output = server.stdout
    assert output is not None
    said = []
    for line in output:
        said.append(line)
        if found := LISTENING.search(line):
            threading.Thread(target=deque, args=(output, 0), daemon=True).start()
            return found[1]
    raise AssertionError(f"SAP's server did not start:\n{''.join(said[-30:])}")
