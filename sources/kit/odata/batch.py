"""`$batch`: several requests in the body of one, and their answers, byte by byte."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})")
_BLANK = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Operation:
    """One request inside a batch; `url` is relative to the service root and already encoded."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Changeset:
    """Writes that take effect together or not at all."""

    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The answer to one operation; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class BrokenBatchError(ValueError):
    """The answer is no well-formed batch."""


def reads(urls: Sequence[str]) -> list[Operation]:
    """A GET of JSON for each URL."""
    return [Operation("GET", url, {"Accept": "application/json"}) for url in urls]


def write_batch(parts: Sequence[Operation | Changeset], boundary: str = "batch") -> bytes:
    """The body of a `$batch` request, to be sent as `multipart/mixed; boundary=<boundary>`."""
    lines: list[bytes] = []
    for number, part in enumerate(parts):
        lines.append(b"--" + boundary.encode())
        if isinstance(part, Changeset):
            # Never the outer boundary with something behind it: a parser that looks for the outer would find the inner.
            lines.append(_changeset(part, f"set{number}_{boundary}"))
        else:
            lines.append(_operation(part))
    lines.append(b"--" + boundary.encode() + b"--\r\n")
    return b"\r\n".join(lines)


def read_batch(body: bytes, content_type: str) -> list[PartAnswer | tuple[PartAnswer, ...]]:
    """The answers in the order of the requests, a tuple for a changeset that took effect.

    A changeset that failed has one plain answer. Raises BrokenBatchError where this is no batch, or a part was cut off.
    """
    answers: list[PartAnswer | tuple[PartAnswer, ...]] = []
    for headers, content in _parts(body, content_type):
        kind = headers.get("content-type", "")
        if kind.lower().startswith("multipart/"):
            answers.append(tuple(_answer(inner) for _, inner in _parts(content, kind)))
        else:
            answers.append(_answer(content))
    return answers


def _changeset(changeset: Changeset, boundary: str) -> bytes:
    lines = [f"Content-Type: multipart/mixed; boundary={boundary}".encode(), b""]
    for number, operation in enumerate(changeset.operations, start=1):
        lines += [b"--" + boundary.encode(), _operation(operation, number)]
    return b"\r\n".join([*lines, b"--" + boundary.encode() + b"--"])


def _operation(operation: Operation, content_id: int | None = None) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"{operation.method} {operation.url} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in operation.headers.items()]
    # The blank line that ends the headers, and an empty body where there is none: with one alone, parsers fail.
    return "\r\n".join([*lines, "", ""]).encode() + operation.body


def _parts(body: bytes, content_type: str) -> list[tuple[dict[str, str], bytes]]:
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise BrokenBatchError("no boundary in the answer's content type")
    marks = list(_marks(body, b"--" + (found[1] or found[2]).encode()))
    if not marks or not marks[-1].last:
        raise BrokenBatchError("the answer ends before its last boundary")
    return [_split(body[start.end : end.begin]) for start, end in pairwise(marks)]


class _Mark(NamedTuple):
    """A boundary's line: where the text before it ends, where the text behind it begins, whether it is the last."""

    begin: int
    end: int
    last: bool


def _marks(body: bytes, boundary: bytes) -> Iterator[_Mark]:
    """Found by plain search: answers are large, and a pattern that may begin anywhere takes twenty times as long."""
    at = body.find(boundary)
    while at >= 0:
        behind = body.find(b"\n", at)
        line = body[at + len(boundary) : behind if behind >= 0 else len(body)].strip()
        if (at == 0 or body[at - 1 : at] == b"\n") and line in (b"", b"--"):
            begin = at - 2 if body[at - 2 : at] == b"\r\n" else max(at - 1, 0)
            yield _Mark(begin, behind + 1 if behind >= 0 else len(body), line == b"--")
        at = body.find(boundary, at + len(boundary))


def _split(part: bytes) -> tuple[dict[str, str], bytes]:
    blank = _BLANK.search(part)
    if blank is None:
        return _headers(part), b""
    return _headers(part[: blank.start()]), part[blank.end() :]


def _answer(content: bytes) -> PartAnswer:
    line, _, rest = content.lstrip(b"\r\n").partition(b"\n")
    status = _STATUS.match(line)
    if status is None:
        raise BrokenBatchError("a part without a status line")
    # No header at all: the rest begins with the blank line itself.
    headers, body = ({}, rest.lstrip(b"\r\n")) if rest.startswith((b"\r\n", b"\n")) else _split(rest)
    return PartAnswer(int(status[1]), headers, body.rstrip(b"\r\n"))


def _headers(block: bytes) -> dict[str, str]:
    lines = (line.partition(b":") for line in block.splitlines())
    return {name.strip().decode("latin-1").lower(): value.strip().decode("latin-1") for name, _, value in lines}
