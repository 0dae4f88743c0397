"""The files that make up the project, however the tree got here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]

_CODE = ("canonical", "sources", "workflows", "resolvers", "schema", "engine", "gateway", "sandbox")
_PASSING = shutil.ignore_patterns("__pycache__", "*.egg-info")


def tracked(root: Path = ROOT) -> list[Path]:
    """What git tracks here and the disk still holds; every file outside hidden and built folders where git is not."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    if listed.returncode == 0:
        paths = [root / name for name in listed.stdout.decode().split("\0") if name]
    else:
        paths = [
            path for path in root.rglob("*") if not any(part.startswith(".") for part in path.relative_to(root).parts)
        ]
    return sorted(path for path in paths if path.is_file())


def copy_of_code(to: Path) -> Path:
    """The product's folders and the rules of their checkers, in a place where they may be broken."""
    for folder in _CODE:
        shutil.copytree(ROOT / folder, to / folder, ignore=_PASSING)
    for rules in ("pyproject.toml", ".importlinter"):
        shutil.copy(ROOT / rules, to / rules)
    return to
