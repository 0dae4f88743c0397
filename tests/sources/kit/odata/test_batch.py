from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.kit.odata.batch import (
    BrokenBatchError,
    Changeset,
    Operation,
    PartAnswer,
    read_batch,
    reads,
    write_batch,
)

ANSWER = (
    b"--A1\r\nContent-Type: application/http\r\nContent-Length: 99\r\ncontent-transfer-encoding: binary\r\n\r\n"
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"d":{"results":[]}}\r\n'
    b"--A1\r\nContent-Type: application/http\r\n\r\n"
    b'HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n{"error":{}}\r\n'
    b"--A1\r\nContent-Type: multipart/mixed; boundary=B2\r\n\r\n"
    b"--B2\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\n"
    b"HTTP/1.1 204 No Content\r\nDataServiceVersion: 2.0\r\n\r\n\r\n"
    b"--B2--\r\n"
    b"--A1--\r\n"
)


def test_a_read_is_written_byte_by_byte_as_gateways_expect_it() -> None:
    assert write_batch(reads(["Orders?$top=1"]), "b1") == (
        b"--b1\r\n"
        b"Content-Type: application/http\r\n"
        b"Content-Transfer-Encoding: binary\r\n"
        b"\r\n"
        b"GET Orders?$top=1 HTTP/1.1\r\n"
        b"Accept: application/json\r\n"
        b"\r\n"
        b"\r\n"
        b"--b1--\r\n"
    )


def test_a_changeset_is_written_as_a_part_of_parts() -> None:
    patch = Operation("PATCH", "Items(Order='1',Item='10')", {"If-Match": "*"}, b'{"Q":"3"}')

    assert write_batch([Changeset((patch,))], "b1") == (
        b"--b1\r\n"
        b"Content-Type: multipart/mixed; boundary=set0_b1\r\n"
        b"\r\n"
        b"--set0_b1\r\n"
        b"Content-Type: application/http\r\n"
        b"Content-Transfer-Encoding: binary\r\n"
        b"Content-ID: 1\r\n"
        b"\r\n"
        b"PATCH Items(Order='1',Item='10') HTTP/1.1\r\n"
        b"If-Match: *\r\n"
        b"\r\n"
        b'{"Q":"3"}\r\n'
        b"--set0_b1--\r\n"
        b"--b1--\r\n"
    )


def test_answers_come_in_order_each_with_its_own_status_and_a_changeset_as_one() -> None:
    first, second, third = read_batch(ANSWER, 'multipart/mixed; boundary="A1"')

    assert first == PartAnswer(
        200, {"content-type": "application/json", "content-length": "20"}, b'{"d":{"results":[]}}'
    )
    assert isinstance(second, PartAnswer)
    assert (second.status, second.body) == (404, b'{"error":{}}')
    assert third == (PartAnswer(204, {"dataserviceversion": "2.0"}, b""),)


def test_answers_with_bare_line_feeds_are_read_too() -> None:
    answers = read_batch(ANSWER.replace(b"\r\n", b"\n"), "multipart/mixed; boundary=A1")

    assert len(answers) == 3


@pytest.mark.parametrize("cut", [0, 60, len(ANSWER) // 2, len(ANSWER) - 12])
def test_an_answer_that_was_cut_off_is_broken_and_not_short(cut: int) -> None:
    with pytest.raises(BrokenBatchError):
        read_batch(ANSWER[:cut], "multipart/mixed; boundary=A1")


def test_a_page_instead_of_parts_is_broken() -> None:
    with pytest.raises(BrokenBatchError, match="boundary"):
        read_batch(b"<html/>", "text/html")


def test_a_part_without_a_status_is_broken() -> None:
    body = b"--A1\r\nContent-Type: application/http\r\n\r\nnothing\r\n--A1--\r\n"

    with pytest.raises(BrokenBatchError, match="status"):
        read_batch(body, "multipart/mixed; boundary=A1")


@given(st.lists(st.tuples(st.integers(200, 599), st.text().filter(lambda s: s == s.strip("\r\n") and "--XY" not in s))))
def test_any_bodies_survive_being_put_into_parts(parts: list[tuple[int, str]]) -> None:
    kept = [(status, body) for status, body in parts if body.isprintable()]
    lines = [
        f"--XY\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status} So\r\nA: b\r\n\r\n{body}\r\n"
        for status, body in kept
    ]
    try:
        raw = ("".join(lines) + "--XY--").encode()
    except UnicodeEncodeError:
        return
    if not kept:
        raw = b"--XY\r\n--XY--"
    answers = [a for a in _read(raw) if isinstance(a, PartAnswer)]

    assert [(a.status, a.body.decode()) for a in answers] == kept


def _read(raw: bytes) -> list[PartAnswer | tuple[PartAnswer, ...]]:
    return [] if raw == b"--XY\r\n--XY--" else read_batch(raw, "multipart/mixed; boundary=XY")
