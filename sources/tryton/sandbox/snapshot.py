"""Builds the committed snapshot from the company's story: `python -m sources.tryton.sandbox.snapshot`.

Takes about four minutes: a new database with Tryton's modules (kept in the cache for the next time), then the seeding.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import pkgutil
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sources.kit.sandbox.story import Story
from sources.tryton.sandbox.access import DATABASE
from sources.tryton.sandbox.install import Installation, Say, install, to_stderr
from sources.tryton.sandbox.serve import SNAPSHOT
from sources.tryton.sandbox.tale import Tale, text, write
from sources.tryton.sandbox.tell import tell

INSTANCE: Final = "erp-us"
PROFILE: Final = "tryton"
# Named and not imported: the pretend company stands above the vendors.
STORY: Final = "sandbox.story:tell_story"
MODULES: Final = (
    "account_invoice_stock",
    "sale_amendment",
    "sale_credit_limit",
    "sale_invoice_grouping",
    "sale_price_list",
)
BUILD_WITHIN: Final = 1800.0
MARK: Final = SNAPSHOT.with_name("snapshot.sha256")
_ROOT = Path(__file__).parents[3]


def build(tale: Tale, snapshot: Path = SNAPSHOT, say: Say = to_stderr) -> None:
    """Make the snapshot of this tale, and beside it the tale's mark (see `mark`)."""
    installation = install(say=say)
    with tempfile.TemporaryDirectory(prefix="revgraph-tryton-") as directory:
        home = Path(directory)
        settings = home / "trytond.conf"
        settings.write_text(f"[database]\nuri = sqlite://\npath = {home}\n", "utf-8")
        shutil.copy(_empty(installation, say), home / f"{DATABASE}.sqlite")
        told = home / "tale.json"
        write(tale, told)
        started = time.monotonic()
        say(f"Telling Tryton of {len(tale.sales)} sales ...")
        module = "sources.tryton.sandbox.seed"
        _run([str(installation.python), "-W", "ignore", "-m", module, str(settings), DATABASE, str(told)])
        _pack(home / f"{DATABASE}.sqlite", snapshot)
        snapshot.with_name(MARK.name).write_text(f"{mark(tale)}\n", "utf-8")
        say(f"Told in {time.monotonic() - started:.0f} s; the snapshot has {snapshot.stat().st_size / 1e6:.1f} MB.")


def mark(tale: Tale) -> str:
    """What a tale comes to in 64 characters: another mark, another snapshot."""
    return hashlib.sha256(text(tale).encode()).hexdigest()


def present_tale() -> Tale:
    """The tale that the snapshot should hold now."""
    story: Callable[..., Story] = pkgutil.resolve_name(STORY)
    return tell(story(profile=PROFILE), INSTANCE)


def _empty(installation: Installation, say: Say) -> Path:
    """A database with Tryton's modules and nothing else, made once for each environment."""
    kept = installation.python.parents[1] / f"{'-'.join(MODULES)}.sqlite"
    if kept.exists():
        return kept
    say("Making an empty database (once, about 40 seconds) ...")
    with tempfile.TemporaryDirectory(prefix="revgraph-tryton-") as directory:
        home = Path(directory)
        fresh = home / f"{DATABASE}.sqlite"
        fresh.touch()
        password, settings = home / "password", home / "trytond.conf"
        # Nobody logs in by password; the API's user has a key.
        password.write_text(os.urandom(24).hex(), "utf-8")
        settings.write_text(f"[database]\nuri = sqlite://\npath = {home}\n", "utf-8")
        command = [str(installation.python), str(installation.admin), "-c", str(settings), "-d", DATABASE]
        activated = ["-u", *MODULES, "--activate-dependencies", "--email", "admin@company.example"]
        _run([*command, *activated], TRYTONPASSFILE=str(password))
        shutil.copy(fresh, kept.with_suffix(".arriving"))
    return kept.with_suffix(".arriving").replace(kept)


def _run(command: list[str], **environment: str) -> None:
    # A fixed seed of hashes: Tryton goes through sets when it activates modules.
    fixed = {"TZ": "UTC", "PYTHONHASHSEED": "0", "PYTHONPATH": str(_ROOT)}
    settings = {**os.environ, **fixed, **environment}
    done = subprocess.run(  # noqa: S603
        command, env=settings, capture_output=True, text=True, timeout=BUILD_WITHIN, check=False
    )
    if done.returncode:
        raise RuntimeError("\n".join(done.stderr.strip().splitlines()[-15:]))


def _pack(database: Path, snapshot: Path) -> None:
    connection = sqlite3.connect(database)
    try:
        connection.execute("VACUUM")
    finally:
        connection.close()
    # No name and no time in the header: the same database gives the same file.
    snapshot.write_bytes(gzip.compress(database.read_bytes(), 9, mtime=0))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=SNAPSHOT, help="where the snapshot goes")
    build(present_tale(), parser.parse_args().to)


if __name__ == "__main__":
    main()
