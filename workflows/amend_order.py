"""Changes an order that is booked, in each legal entity's books that the change is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from canonical.errors import ProblemCategory
from canonical.intake import Amendment, LineChange, LineRequest, OrderAcknowledgment
from canonical.intent import AmendOrder, LineAsked, LineAt, LineChangeAsked
from canonical.problem import Problem
from canonical.submission import StepState, SubmissionState
from workflows.accounts import ending_of
from workflows.cancel_order import know_order
from workflows.effects import Effect, EffectKind, EffectState
from workflows.journal import Place
from workflows.order_parts import Part, Parts, forbidden, read_parts
from workflows.round import Ending, Round, run_round
from workflows.taking_back_changes import Done, opposites, take_changes_back, undoing
from workflows.workshop import Workshop

ORDER: Final = Place("order", 10, field=("order",))
BEFORE: Final = Place("before", 20)
POSITION: Final = 80


async def amend_order(shop: Workshop, argument: str) -> None:
    """Run one round of a submission of this kind."""
    await run_round(shop, argument, _amend)


async def _amend(round_: Round) -> Ending:
    held = await round_.held(EffectKind.AMEND_ORDER)
    begun = any(effect.state in (EffectState.DONE, EffectState.UNCERTAIN) for effect in held)
    planned = to_change(held) if begun else await _plan(round_, held)
    done: list[Done] = []
    for effect in planned:
        place = Place("amendment", POSITION, effect.leg, effect.system, effect.legal_entity)
        performed = await round_.effect(place, effect)
        if performed.state is not EffectState.DONE:
            return await take_changes_back(round_, await ending_of(round_, place, performed), done)
        order = performed.read(OrderAcknowledgment)
        number = order.number or order.order.key
        await round_.tell(place, StepState.DONE, f"{number} was changed in {effect.system}.", performed.attempts)
        done.append((effect, order))
    return Ending(state=SubmissionState.COMPLETED)


def to_change(held: Sequence[Effect]) -> list[Effect]:
    """The changes of a plan that stands, without those that were taken back."""
    return [effect for effect in held if effect.state is not EffectState.CANCELLED]


async def _plan(round_: Round, held: Sequence[Effect]) -> list[Effect]:
    asked = round_.taken.input
    if not isinstance(asked, AmendOrder):
        raise TypeError(f"{round_.taken.id} is not an amendment.")
    found = await round_.step(
        ORDER,
        Parts,
        lambda call: read_parts(round_.shop, call, round_.taken, asked.order),
        lambda parts: ", ".join(f"{part.number} in {part.ref.system}" for part in parts.parts),
    )
    against = [*forbidden(found, round_.taken.rights), *_objections(asked, found)]
    if against:
        raise round_.refused(ORDER, against)
    await know_order(round_, found)
    live = [part for part in found.parts if not part.cancelled]
    changes = [(part, _amendment(asked, part, live)) for part in live]
    wanted = [(part, change) for part, change in changes if _says_something(change)]
    if len(wanted) > 1:
        return await _plan_parts(round_, held, wanted)
    planned = [_effect(round_, part, change, 1, _taken_back(held, 1), alone=True) for part, change in wanted]
    await round_.plan(*planned)
    return planned


async def _plan_parts(round_: Round, held: Sequence[Effect], wanted: Sequence[tuple[Part, Amendment]]) -> list[Effect]:
    """Write down each part's change, and what would take it back; what cannot be taken back is made last."""
    ways = await round_.step(
        BEFORE, list[Amendment | None], lambda call: opposites(round_, call, wanted), _say_ways_back
    )
    pairs = sorted(zip(wanted, ways, strict=True), key=lambda pair: pair[1] is None)
    planned = [
        _effect(round_, part, change, number, _taken_back(held, number), alone=False)
        for number, ((part, change), _) in enumerate(pairs, 1)
    ]
    undo = [undoing(change, way) for change, (_, way) in zip(planned, pairs, strict=True) if way is not None]
    await round_.plan(*planned, *undo)
    return planned


def _say_ways_back(found: Sequence[Amendment | None]) -> str:
    final = sum(way is None for way in found)
    return f"{final} of {len(found)} parts could not be changed back." if final else "Each part can be changed back."


def _taken_back(held: Sequence[Effect], number: int) -> int:
    return sum(effect.state is EffectState.CANCELLED and effect.leg == number for effect in held)


def _objections(asked: AmendOrder, found: Parts) -> list[Problem]:
    """What keeps the change from being made as it was asked for."""
    live = [part for part in found.parts if not part.cancelled]
    if not live:
        return [_against("NOT_BOOKED", ProblemCategory.CONFLICT, "The order is not booked, or cancelled.", ())]
    if asked.expected_version is not None and asked.expected_version != found.version:
        sentence = "The order was changed since it was read. Read it again, and decide on what it is now."
        return [_against("VERSION_CONFLICT", ProblemCategory.CONFLICT, sentence, ("expected_version",))]
    orders = {part.ref for part in live}
    named: list[tuple[str, Sequence[LineChangeAsked | LineAt]]] = [("change", asked.change), ("remove", asked.remove)]
    against = [
        _against(
            "UNKNOWN_LINE", ProblemCategory.INVALID_INPUT, f"{name.key} is no line of this order.", (where, str(at))
        )
        for where, names in named
        for at, name in enumerate(names)
        if name.order not in orders
    ]
    return against + [
        _against(
            "NO_ROUTE",
            ProblemCategory.ROUTING,
            f"Name the legal entity that {line.sku} is to be added to: {_codes(live)}.",
            ("add", str(at), "legal_entity"),
        )
        for at, line in enumerate(asked.add)
        if _taker(line, live) is None
    ]


def _codes(live: Sequence[Part]) -> str:
    return ", ".join(sorted(part.legal_entity or part.ref.system for part in live))


def _taker(line: LineAsked, live: Sequence[Part]) -> Part | None:
    fitting = [part for part in live if line.legal_entity in (None, part.legal_entity)]
    return fitting[0] if len(fitting) == 1 else None


def _against(code: str, category: ProblemCategory, sentence: str, field: tuple[str, ...]) -> Problem:
    return Problem(code=code, category=category, message=sentence, field=field)


def _amendment(asked: AmendOrder, part: Part, live: Sequence[Part]) -> Amendment:
    return Amendment(
        reference="",
        order_key=part.ref.key,
        legal_entity_code=part.legal_entity or "",
        add=tuple(_line(line) for line in asked.add if _taker(line, live) == part),
        change=tuple(
            LineChange(
                key=change.key,
                quantity=change.quantity,
                unit_price=change.unit_price,
                starts_on=change.starts_on,
                ends_on=change.ends_on,
                requested_delivery_date=change.requested_delivery_date,
            )
            for change in asked.change
            if change.order == part.ref
        ),
        remove=tuple(line.key for line in asked.remove if line.order == part.ref),
        requested_delivery_date=asked.requested_delivery_date,
        purchase_order_number=asked.purchase_order_number,
        expected_version=part.version,
    )


def _line(line: LineAsked) -> LineRequest:
    return LineRequest(
        sku=line.sku,
        quantity=line.quantity,
        source_key=line.source.key if line.source else None,
        unit_price=line.unit_price,
        discount_percent=line.discount_percent,
        starts_on=line.starts_on,
        ends_on=line.ends_on,
        segment=line.segment,
        requested_delivery_date=line.requested_delivery_date,
    )


def _says_something(change: Amendment) -> bool:
    told = (change.add, change.change, change.remove)
    return any(told) or change.requested_delivery_date is not None or change.purchase_order_number is not None


def _effect(round_: Round, part: Part, change: Amendment, number: int, before: int, *, alone: bool) -> Effect:
    """The change of one part, under a reference that no change that was taken back has used."""
    reference = round_.taken.external_reference if alone else f"{round_.taken.external_reference}-{number}"
    if before:
        reference = f"{reference}.{before + 1}"
    return Effect(
        reference=reference,
        submission_id=round_.taken.id,
        kind=EffectKind.AMEND_ORDER,
        leg=number,
        system=part.ref.system,
        legal_entity=part.legal_entity,
        request=replace(change, reference=reference),
    )
