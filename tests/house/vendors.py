"""Reads who imports a vendor's folder, whatever the modules in it are called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

_SHARED = {"kit", "shelf"}


def trespasses(root: Path) -> list[str]:
    """Each import that crosses a vendor's fence, as `importer -> imported`, in order of path.

    Outside a vendor's folder only `sandbox` may look in, and only at the vendor's sandbox. Inside, the sandbox and the
    rest do not know each other; both may speak what protoc makes of a published contract.
    """
    vendors = {path.parent.name for path in (root / "sources").glob("*/__init__.py")} - _SHARED
    return [
        f"{'.'.join(importer)} -> {'.'.join(imported)}"
        for path in sorted(root.glob("*/**/*.py"))
        if not path.relative_to(root).parts[0].startswith(("tests", "."))
        for importer in [path.relative_to(root).with_suffix("").parts]
        for imported in sorted(_imports(path))
        if imported[0] == "sources"
        and len(imported) > 1
        and imported[1] in vendors
        and not _allowed(importer, imported)
    ]


def _allowed(importer: tuple[str, ...], imported: tuple[str, ...]) -> bool:
    looks_at_sandbox = imported[2:3] == ("sandbox",)
    if importer[:2] == imported[:2]:
        if imported[-1].endswith("_pb2"):
            return True
        return (importer[2:3] == ("sandbox",)) == looks_at_sandbox
    return importer[0] == "sandbox" and looks_at_sandbox


def _imports(path: Path) -> Iterator[tuple[str, ...]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((*node.module.split("."), alias.name) for alias in node.names)
