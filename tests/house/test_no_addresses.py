"""The tree names no registry and no path of the machine it was written on, and its locks pin by hash alone."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import ROOT, tracked

LOCKS = ["requirements.lock", "requirements-dev.lock"]
# Written so that this file does not match itself.
FORBIDDEN = re.compile(
    r"pypi[.]org|python[h]osted[.]org|npmjs[.](?:org|com)|crates[.]io/|golang[.]org/"
    r"|(?:index-ur[l]|trusted-hos[t]|find-link[s]|registr[y])\s*[=: ]\s*[\"']?https?:"
    r"|(?<![\w./-])/(?:wor[k]|roo[t])/\w"
)


def readable(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def requirements(lock: str) -> list[str]:
    """Each requirement of a lock as one line, comments left out."""
    lines = [line for line in (ROOT / lock).read_text().splitlines() if not line.lstrip().startswith("#")]
    return [line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]


def test_no_file_names_a_registry_or_a_path_of_this_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in tracked()
        for number, line in enumerate(readable(path).splitlines(), start=1)
        if FORBIDDEN.search(line)
    ]

    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "https://" + "pypi" + ".org/simple",
        "--index" + "-url https://mirror.example/simple",
        "registry" + "=https://mirror.example",
        "open('/wo" + "rk/main/x')",
    ],
)
def test_each_kind_of_address_would_be_seen(line: str) -> None:
    assert FORBIDDEN.search(line)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_is_one_version_with_hashes(lock: str) -> None:
    loose = [
        line
        for line in requirements(lock)
        if not re.fullmatch(r"[a-z0-9-]+==[^\s;]+(?: ;[^#]*?)?(?:\s+--hash=sha256:[0-9a-f]{64})+\s*", line)
    ]

    assert loose == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert [word for word in ("://", "file://", " @ ", "--index", "--find", "--trusted") if word in text] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_direct_dependency_is_locked(lock: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = project["dependencies"] + (project["optional-dependencies"]["dev"] if "dev" in lock else [])
    names = {re.split(r"[\[><=~! ;]", requirement)[0] for requirement in direct}

    assert names - {line.split("==")[0] for line in requirements(lock)} == set()


def test_both_locks_agree() -> None:
    small, large = ({line.split()[0] for line in requirements(lock)} for lock in LOCKS)

    assert small - large == set()
