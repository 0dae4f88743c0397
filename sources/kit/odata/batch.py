"""`$batch`: several requests in the body of one, and their answers, byte by byte."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

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
            lines.append(_changeset(part, f"{boundary}_set{number}"))
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
    pattern = rb"(?:^|\r?\n)--" + re.escape((found[1] or found[2]).encode()) + rb"(--)?[ \t]*(?:\r?\n|$)"
    marks = list(re.finditer(pattern, body))
    if not marks or marks[-1][1] is None:
        raise BrokenBatchError("the answer ends before its last boundary")
    return [_split(body[start.end() : end.start()]) for start, end in pairwise(marks)]


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
