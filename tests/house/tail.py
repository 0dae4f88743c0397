"""Measures the tail: files and functions that grew too long, and names that say nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

FOLDERS = (
    "canonical",
    "sources",
    "workflows",
    "resolvers",
    "schema",
    "engine",
    "gateway",
    "sandbox",
    "bench",
)
FILE_LINES = 350
FUNCTION_LINES = 40
EMPTY_NAMES = frozenset(
    {"utils", "helpers", "common", "base", "manager", "service", "handler", "data", "info", "process"}
)


def offences(root: Path) -> list[str]:
    """One sentence an offence, with the place, in order of path."""
    return [sentence for path in _sources(root) for sentence in _offences_of(path, path.relative_to(root))]


def _sources(root: Path) -> list[Path]:
    return sorted(
        path for folder in FOLDERS for path in (root / folder).rglob("*.py") if "__pycache__" not in path.parts
    )


def _offences_of(path: Path, place: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    length = len(text.splitlines())
    if length > FILE_LINES:
        yield f"{place} has {length} lines, {FILE_LINES} is the limit"
    for word in {part.removesuffix(".py") for part in place.parts} & EMPTY_NAMES:
        yield f"{place} is named {word!r}, which says nothing"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{place}:{node.lineno} {node.name} has {lines} lines, {FUNCTION_LINES} is the limit"
