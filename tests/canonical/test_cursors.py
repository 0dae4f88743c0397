from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import Mistake
from canonical.events import CURSOR_MALFORMED, Cursor, cursor_of


@given(st.text("0123456789abcdef", min_size=1, max_size=24), st.integers(0, 2**63))
def test_a_cursor_that_was_kept_as_text_is_the_same_cursor(epoch: str, position: int) -> None:
    assert cursor_of(str(Cursor(epoch, position))) == Cursor(epoch, position)


@given(
    st.one_of(st.text(max_size=300), st.binary(max_size=150).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
)
def test_whatever_a_client_gives_back_is_a_cursor_or_is_refused_in_words(text: str) -> None:
    try:
        found: Cursor | Mistake = cursor_of(text)
    except Mistake as mistake:
        found = mistake

    if isinstance(found, Mistake):
        assert found.code == CURSOR_MALFORMED
        assert "no cursor" in found.sentence
    else:
        assert found.epoch
        assert found.position >= 0


@pytest.mark.parametrize(
    "plain", ["", "abc", "abc.", ".5", "abc.-1", "abc.1.5x", "abc. 7", "abc.٣", "abc.1_000", "a" * 200 + ".1"]
)
def test_texts_that_are_nearly_cursors_are_refused(plain: str) -> None:
    text = base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    with pytest.raises(Mistake) as refused:
        cursor_of(text)

    assert refused.value.code == CURSOR_MALFORMED
