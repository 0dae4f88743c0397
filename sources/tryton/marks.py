"""What the comment of a sale says of our changes to it, so that one that stopped halfway is known and gone on with.

Amendment RG1-1 begun at confirmed.
Amendment RG1-1 done.
Cancelled (RG2): the customer moved.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

_BEGUN: Final = "Amendment {} begun at {}."
_DONE: Final = "Amendment {} done."
_PURCHASE_ORDER: Final = re.compile(r"^Purchase order (.+)$", re.MULTILINE)
_RANK: Final = {"draft": 0, "quotation": 1, "confirmed": 2, "processing": 3, "done": 4}


class Progress(Struct, frozen=True):
    """How far an amendment has come: in which state its sale was when it began, and whether its lines are changed."""

    target: str | None = None
    edited: bool = False

    def is_over(self, state: str) -> bool:
        """Whether a sale in this state has nothing more to expect of it."""
        return self.edited and _RANK.get(state, 0) >= _RANK.get(self.target or "draft", 0)


def progress_of(comment: str | None, reference: str) -> Progress:
    """What a comment says of the amendment of this reference."""
    text = comment or ""
    found = re.search(rf"^Amendment {re.escape(reference)} begun at (\w+)\.$", text, re.MULTILINE)
    return Progress(found[1] if found else None, _DONE.format(reference) in text.splitlines())


def done_mark(reference: str) -> str:
    """The line that says that an amendment's changes are made."""
    return _DONE.format(reference)


def begun(comment: str | None, reference: str, state: str) -> str:
    """The comment, saying that an amendment has begun."""
    return with_line(comment, _BEGUN.format(reference, state))


def done(comment: str | None, reference: str) -> str:
    """The comment, saying that an amendment's changes are made."""
    return with_line(comment, _DONE.format(reference))


def purchase_order_in(comment: str | None) -> str | None:
    """The customer's own number that a comment tells."""
    found = _PURCHASE_ORDER.search(comment or "")
    return found[1].strip() or None if found else None


def with_purchase_order(comment: str | None, number: str) -> str:
    """The comment with the customer's own number, in the place of the one before."""
    line, held = f"Purchase order {number}", comment or ""
    found = _PURCHASE_ORDER.search(held)
    return f"{held[: found.start()]}{line}{held[found.end() :]}" if found else with_line(held, line)


def with_line(comment: str | None, line: str) -> str:
    """The comment with one more line, unless it is there already."""
    held = comment or ""
    if line in held.splitlines():
        return held
    return f"{held}\n{line}" if held else line
