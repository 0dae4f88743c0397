"""Orders that clients booked become part of the story, which goes on with them as with its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sandbox.chronicle import Chronicle
from sources.kit.sandbox.moves import ADOPTED, Adopts, Moves, Stranger
from sources.kit.sandbox.story import Deal

PATIENCE: Final = timedelta(seconds=10)
"""So long nobody may have changed an order that nobody names: whoever booked it may not be through."""


def adopt(moves: Moves, chronicle: Chronicle, until: datetime, only: str | None = None) -> list[int]:
    """The places of the orders of a system that became part of the story now, all or one; last changed before `until`.

    An order that another one of the story shares its sale with stays a stranger: what both together are, nobody said.
    """
    if not isinstance(moves, Adopts):
        return []
    places = []
    for stranger in moves.strangers(chronicle.story, lambda number: chronicle.place(number) is not None, until):
        known = chronicle.place(stranger.crm_key) if stranger.crm_key else None
        held = chronicle.story.deals[known] if known is not None else None
        if only not in {None, stranger.booking.number} or (held is not None and held.bookings):
            continue
        place = len(chronicle.story.deals) if known is None else known
        chronicle.take_in(place, _deal(stranger, held))
        places.append(place)
    return places


def _deal(stranger: Stranger, held: Deal | None) -> Deal:
    booking = stranger.booking
    return Deal(
        buyer=stranger.buyer,
        currency=stranger.currency,
        crm_key=stranger.crm_key,
        crm_number=held.crm_number if held else None,
        crm_status="Activated",
        opportunity_key=None,
        opportunity_name=None,
        purchase_order=None,
        created_at=booking.booked_at,
        activated_at=booking.booked_at,
        cancelled_at=None,
        requested_on=booking.requested_on,
        lines=stranger.lines,
        offer=None,
        bookings=(booking,),
        traits=frozenset({ADOPTED}),
    )
