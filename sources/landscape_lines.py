"""Where each key of a TOML text stands, so that a refusal can name the line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Step = str | int
KeyPath = tuple[Step, ...]

_PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*(\]\]?)\s*(#.*)?$")
_KEY = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_NAME = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*\.?""")
_STRING = re.compile(
    r"""
    \"{3}(?:[^\\]|\\.)*?\"{3} | '{3}.*?'{3}   # over several lines
    | "(?:[^"\\\n]|\\.)*" | '[^'\n]*'         # within one
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Lines:
    """The line of every table and key, counted from one."""

    at: Mapping[KeyPath, int]

    def of(self, path: KeyPath) -> int:
        """The line of this key, or of the nearest table around it; 1 for the whole file."""
        for end in range(len(path), 0, -1):
            found = self.at.get(path[:end])
            if found is not None:
                return found
        return 1


def lines_of(text: str) -> Lines:
    """The positions in a text that is known to be valid TOML; keys inside inline tables have their table's line."""
    at: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in _statements(text):
        header = _HEADER.match(line)
        if header and not _KEY.match(line):
            table = _table(_names(header[2]), counts, opens_new=header[1] == "[[")
            at.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            names = _names(key[1])
            for end in range(1, len(names) + 1):
                at.setdefault((*table, *names[:end]), number)
    return Lines(at)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Headers and key lines with their number; lines inside a multi-line value are passed over."""
    # Blanking the inside of strings leaves brackets to count, and every line where it was; keys keep their quotes.
    blank = _STRING.sub(_blanked, text)
    depth = 0
    for number, (line, bare) in enumerate(zip(text.split("\n"), blank.split("\n"), strict=True), start=1):
        code = bare.split("#", 1)[0]
        if depth == 0 and code.strip():
            yield number, line
        if depth or not _HEADER.match(code):
            depth += sum(code.count(mark) for mark in "[{") - sum(code.count(mark) for mark in "]}")


def _blanked(found: re.Match[str]) -> str:
    # A line that lies inside a long text is nothing but space afterwards, so nothing on it is taken for a key.
    fill = " " if "\n" in found[0] else "_"
    return "".join("\n" if letter == "\n" else fill for letter in found[0])


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(next(part for part in found.groups() if part is not None) for found in _NAME.finditer(dotted))


def _table(names: tuple[str, ...], counts: dict[KeyPath, int], *, opens_new: bool) -> KeyPath:
    path: KeyPath = ()
    for place, name in enumerate(names):
        path = (*path, name)
        if opens_new and place == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
