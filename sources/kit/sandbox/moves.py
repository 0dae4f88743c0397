"""How a sandbox goes on with the story: what is another in a deal now, written as its own users would have."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, Protocol, runtime_checkable

from sources.kit.sandbox.story import Booking, Deal, Sold, Story

Paper = Literal["order", "delivery", "billing", "payment"]
"""What a system numbers by itself."""


class EstrangedError(Exception):
    """Somebody else has changed a record since the story wrote it; the text says which. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Written:
    """One record that a step made or changed: the concept in the graph's words, and the system's own key of it."""

    concept: str
    key: str
    made: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """A deal's turn at `at`: the story as it was and as it is, each cut down to the deal, first, and its circle.

    `place` is the deal's in the whole story, from 1.
    """

    was: Story
    now: Story
    place: int
    at: datetime


class Moves(Protocol):
    """One system's part in a story that goes on; everything through the path by which clients' writes go, too."""

    @abstractmethod
    def following(self, paper: Paper, count: int) -> str:
        """The number that the system would give next, and `count` more after it; nothing is kept for anybody."""

    @abstractmethod
    def follow(self, turn: Turn) -> list[Written]:
        """Write what differs, all or nothing, and move the times of change. Raises EstrangedError.

        One who has checked (`admit`) before is not refused.
        """

    @abstractmethod
    def admit(self, turn: Turn) -> None:
        """Raise EstrangedError where somebody else has changed what `follow` would change, or has done it already."""


@runtime_checkable
class Opens(Moves, Protocol):
    """A system in which deals begin."""

    @abstractmethod
    def open_deal(self, story: Story, deal: Deal) -> tuple[Deal, list[Written]]:
        """Write a new deal down, a draft; the deal with the keys and numbers that the system gave."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """An order that a client booked: the CRM's key that it carries, the buyer's number in the story, what was sold."""

    crm_key: str | None
    buyer: str
    currency: str
    lines: tuple[Sold, ...]
    booking: Booking


@runtime_checkable
class Adopts(Moves, Protocol):
    """A system in which clients book orders that the story can go on with."""

    @abstractmethod
    def strangers(self, story: Story, known: Callable[[str], bool], until: datetime) -> list[Stranger]:
        """Orders that the story does not know by their number, last changed before this; nothing of them has left.

        Those of customers or articles that are none of the story's are passed over.
        """


@runtime_checkable
class Movable(Protocol):
    """A sandbox whose part of the story can go on."""

    @abstractmethod
    def moves(self, instance: str) -> Moves:
        """The moves of this instance of the story."""


ADOPTED: Final = "adopted"
"""The trait of a deal that a client booked: its rows are the client's, and only what a step changes is the story's."""


def circle(story: Story, deal: Deal) -> Story:
    """A story of this deal alone, with those it shares bills or payments with.

    Told, it gives the same rows for the deal as the whole story does, in a fraction of the time.
    """
    shared, name = set(_papers(deal)), named(deal)
    kin = [one for one in story.deals if one.buyer == deal.buyer and named(one) != name and shared & set(_papers(one))]
    buyer = story.buyers[deal.buyer]
    buyers = {number: story.buyers[number] for number in (buyer.number, buyer.parent) if number}
    return replace(story, deals=(deal, *kin), buyers=buyers)


def named(deal: Deal) -> str:
    """What a deal is called once for ever."""
    return deal.crm_key or deal.bookings[0].number


def _papers(deal: Deal) -> Iterator[str]:
    """The bills over several orders that it has a part in, and the payments used for its bills."""
    for booking in deal.bookings:
        yield from booking.shared_bills
        for bill in booking.bills:
            yield bill.number
            yield from (receipt.number for receipt in bill.receipts)
