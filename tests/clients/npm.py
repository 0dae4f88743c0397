"""Clients of npm that other people wrote: installed as locked, once, or told why they cannot be had."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
INSTALL_WITHIN = 300.0


def unproven(why: str) -> NoReturn:
    """Skip the test, and say why. Where a run decides over a change (CI), what is not proven fails instead."""
    if os.environ.get("CI"):
        pytest.fail(f"A proof that a decision hangs on cannot be run: {why}", pytrace=False)
    pytest.skip(why)


def need_node() -> None:
    """Go on where node and npm are."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        unproven(f"there is no {' and no '.join(missing)} here, which the clients of JavaScript need")


def install(folder: Path) -> None:
    """Have beside the folder's package.json what its lock names."""
    need_node()
    with (folder / ".installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = folder / "node_modules" / ".package-lock.json"
        if mark.exists() and mark.stat().st_mtime >= (folder / "package-lock.json").stat().st_mtime:
            return
        done = subprocess.run(INSTALL, cwd=folder, capture_output=True, timeout=INSTALL_WITHIN, check=False)
        if done.returncode:
            unproven(f"npm ci could not install the clients: {done.stderr.decode(errors='replace')[-300:]}")
        mark.touch()
