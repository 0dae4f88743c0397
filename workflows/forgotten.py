"""Bookings that a restored store has forgotten: they are looked for before anybody judges whether they may be made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from msgspec import Struct

from sources.intake import OrderIntake
from sources.kit.call import Call
from workflows import effects
from workflows.journal import Place
from workflows.round import Round
from workflows.workshop import Workshop

CHANGE: Final = "look before judging"


class Sought(Struct, frozen=True):
    """The numbers of the orders that stand under a reference."""

    numbers: tuple[str, ...] = ()


async def is_booked(round_: Round, sought: Sequence[tuple[Place, str]]) -> bool:
    """Whether a part of the submission is in its ERP already, each under a reference; then it is too late to judge it.

    Nobody is asked unless the store was restored since the submission.
    """
    durable = round_.shop.durable
    # A run that passed this place before there was one goes on as it began.
    if not await durable.patched(CHANGE):
        return False
    if not await durable.step("restored since", bool, partial(_restored_since, round_)):
        return False
    found = [await _seek(round_, place, reference) for place, reference in sought]
    return any(one.numbers for one in found)


async def _restored_since(round_: Round) -> bool:
    async with round_.shop.store.transaction() as transaction:
        return await effects.may_be_forgotten(transaction, round_.taken.id)


async def _seek(round_: Round, place: Place, reference: str) -> Sought:
    return await round_.step(place, Sought, partial(_orders_under, round_.shop, place, reference), _say)


async def _orders_under(shop: Workshop, place: Place, reference: str, call: Call) -> Sought:
    erp = shop.system(place.system or "", OrderIntake, "look for orders")
    found = (await erp.find_orders(call, [reference])).get(reference, ())
    return Sought(tuple(order.number or order.order.key for order in found))


def _say(found: Sought) -> str:
    return f"Order {', '.join(found.numbers)} was booked before." if found.numbers else "It was not booked before."
