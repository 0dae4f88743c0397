"""Makes the folder of a new vendor: small, working, and with a place for everything that is still to be said."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from gateway.new_source_files import FILES

_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


class NameRefusedError(Exception):
    """A name that no vendor folder can have; the text says why."""


def scaffold(name: str, sources: Path) -> list[Path]:
    """Write the folder `name` below the sources, and give its files in the order to read them.

    Raises NameRefusedError before anything is written when the name is bad or taken.
    """
    _check(name, sources)
    folder = sources / name
    written: list[Path] = []
    for file, text in files_of(name).items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def files_of(name: str) -> Mapping[str, str]:
    """The files of a vendor folder by their name in it."""
    title = "".join(part.capitalize() for part in name.split("_"))
    return {file: _sorted(text.replace("@name@", name).replace("@Name@", title)) for file, text in FILES.items()}


def next_steps(name: str) -> str:
    """What to do with a new folder, in words."""
    return f"""Next:
 1. sources/{name}/README.md   say which documents of the vendor you read, and how one signs in.
 2. sources/{name}/wire.py     the fields you read; mapping.py says what they mean in our words.
 3. sources/{name}/client.py   the vendor's addresses, paging and error bodies.
 4. sources/{name}/adapter.py  inherit each port of sources/ports.py that the vendor can keep.
 5. sources/{name}/sandbox.py  its pretend server, written from the vendor's documents and from nothing of yours.
 6. sources/{name}/quality.toml answer each rule.
Then put an instance with kind = "{name}" into revgraph.toml and look at it with `revgraph doctor`."""


def _sorted(text: str) -> str:
    """The text with each run of imports in order, which depends on the new name."""
    ordered: list[str] = []
    for imports, lines in groupby(text.split("\n"), lambda line: line.startswith("from ")):
        run = list(lines)
        ordered += sorted(run, key=lambda line: line.split()[1]) if imports else run
    return "\n".join(ordered)


def _check(name: str, sources: Path) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise NameRefusedError(
            f"{name!r} cannot be a folder of Python: use 2 to 40 small letters, digits and _, beginning with a letter."
        )
    if (sources / name).exists() or (sources / f"{name}.py").exists():
        raise NameRefusedError(f"There is a {name!r} below {sources.name}/ already; nothing was written.")
