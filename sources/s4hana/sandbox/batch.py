"""$batch: several requests in one body, and changesets that are saved whole or not at all."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from sources.s4hana.sandbox.exchange import Ask, Reply
from sources.s4hana.sandbox.refusal import Refusal, bad_request

_BOUNDARY: Final = re.compile(r'multipart/mixed\s*;.*?boundary="?([^";]+)"?', re.IGNORECASE)
_REQUEST: Final = re.compile(r"([A-Z]+) (\S+) HTTP/1\.1")
END: Final = b"\r\n"
MALFORMED: Final = Refusal(400, "/IWBEP/CM_MGW_RT/061", "The format of the batch request is malformed.")
GET_IN_CHANGESET: Final = Refusal(400, "/IWBEP/CM_MGW_RT/062", "Retrieve operations are not allowed in a changeset.")


@dataclass(frozen=True)
class Change:
    """One operation of a changeset and the Content-ID it came with."""

    ask: Ask
    content_id: str


Part = Ask | tuple[Change, ...]


def parts_of(ask: Ask, service_path: str) -> list[Part]:
    """The parts of a batch in order, a changeset as a tuple; 400 for anything but the published bytes."""
    found: list[Part] = []
    for headers, content in _multipart(ask.header("content-type"), ask.body):
        if headers.get("content-type", "").lower().startswith("multipart/mixed"):
            found.append(_changeset(ask, headers["content-type"], content, service_path))
            continue
        inner = _request(ask, headers, content, service_path)
        if not inner.reads:
            raise bad_request("Changing operations are only allowed in a changeset.")
        found.append(inner)
    return found


def assembled(answers: Sequence[Reply | Sequence[tuple[str, Reply]]]) -> Reply:
    """The answer to a batch: one part a reply, a multipart of its own for a changeset that was saved."""
    boundary = secrets.token_hex(16).upper()
    body = b"".join(b"--" + boundary.encode() + END + _part(answer) for answer in answers)
    return Reply(202, body + f"--{boundary}--\r\n".encode(), f"multipart/mixed; boundary={boundary}")


def _changeset(ask: Ask, content_type: str, content: bytes, service_path: str) -> tuple[Change, ...]:
    changes = []
    for headers, inner in _multipart(content_type, END + content):
        if headers.get("content-type", "").lower().startswith("multipart/"):
            raise MALFORMED
        change = _request(ask, headers, inner, service_path)
        if change.reads:
            raise GET_IN_CHANGESET
        changes.append(Change(change, headers.get("content-id", "")))
    return tuple(changes)


def _multipart(content_type: str, body: bytes) -> list[tuple[dict[str, str], bytes]]:
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise MALFORMED
    delimiter = END + b"--" + found[1].encode()
    _, *pieces = (END + body).split(delimiter)
    if not pieces or not pieces[-1].startswith(b"--"):
        raise MALFORMED
    return [_piece(piece) for piece in pieces[:-1]]


def _piece(piece: bytes) -> tuple[dict[str, str], bytes]:
    head, empty, content = piece.removeprefix(END).partition(END + END)
    if not empty or not piece.startswith(END):
        raise MALFORMED
    return _headers(head), content


def _headers(head: bytes) -> dict[str, str]:
    pairs = (line.decode("latin-1").partition(":") for line in head.split(END) if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _request(outer: Ask, mime: Mapping[str, str], content: bytes, service_path: str) -> Ask:
    """The request inside a part. Its headers end with an empty line, also where no body follows."""
    if mime.get("content-type", "").lower() != "application/http" or END + END not in content:
        raise MALFORMED
    head, _, body = content.partition(END + END)
    line, _, rest = head.partition(END)
    found = _REQUEST.fullmatch(line.decode("latin-1"))
    if found is None:
        raise MALFORMED
    address = urlsplit(found[2])
    path = address.path if address.path.startswith("/") else f"{service_path}{address.path}"
    headers = {"accept": outer.header("accept"), **_headers(rest)}
    return Ask(found[1], path, address.query, headers, body, outer.origin)


def _part(answer: Reply | Sequence[tuple[str, Reply]]) -> bytes:
    if isinstance(answer, Reply):
        return _http(answer, "")
    boundary = secrets.token_hex(16).upper()
    inner = b"".join(f"--{boundary}\r\n".encode() + _http(reply, content_id) for content_id, reply in answer)
    inner += f"--{boundary}--\r\n".encode()
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\nContent-Length: {len(inner)}\r\n\r\n"
    return head.encode() + inner + END


def _http(reply: Reply, content_id: str) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"Content-Type: {reply.content_type}"] if reply.body else []
    lines += [f"Content-Length: {len(reply.body)}", *(f"{name}: {value}" for name, value in reply.headers)]
    lines += ["dataserviceversion: 2.0"] if reply.status < HTTPStatus.BAD_REQUEST else []
    message = "\r\n".join(lines).encode() + END + END + reply.body
    head = f"Content-Type: application/http\r\nContent-Length: {len(message)}\r\ncontent-transfer-encoding: binary\r\n"
    head += f"Content-ID: {content_id}\r\n" if content_id else ""
    return head.encode() + END + message + END
