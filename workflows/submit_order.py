"""Books an order: the customer, whose books, prices, credit, tax, one booking each, and word to the CRM.

Until the first booking nothing binds, and every step may be run again in a later round. From then on the plan stands:
the legs are booked as they were asked for, all of them or none.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from canonical.errors import ProblemCategory
from canonical.intake import OrderQuotation, OrderRequest
from canonical.intent import SubmitOrder
from canonical.problem import Problem
from canonical.refs import Ref
from workflows import effects, ledger
from workflows.accounts import account_in
from workflows.booking import book_all, to_book
from workflows.customers import Buyer, read_buyer
from workflows.effects import Effect, EffectKind, EffectState
from workflows.forgotten import is_booked
from workflows.journal import Place
from workflows.one_sale import taken_by_another
from workflows.preparing import (
    Origin,
    quote_leg,
    read_origin,
    say_credit,
    say_money,
    say_quotation,
    ship_to_country,
    tax_leg,
    taxed_by,
)
from workflows.quotation import credit_objection, objections, request_of
from workflows.registering import register
from workflows.round import Ending, Round, StoppedError, run_round
from workflows.routing import Leg, Routed, route
from workflows.telling_accounts import tell_accounts
from workflows.telling_crm import tell_failure
from workflows.workshop import Workshop

CUSTOMER: Final = Place("customer", 10, field=("customer",))
SOURCE: Final = Place("source", 15, field=("source",))
ROUTING: Final = Place("routing", 20)


class Quoted(Struct, frozen=True):
    """A leg, what is asked of its ERP, and what that would make of it."""

    leg: Leg
    request: OrderRequest
    quotation: OrderQuotation


async def submit_order(shop: Workshop, argument: str) -> None:
    """Run one round of a submission of this kind."""
    await run_round(shop, argument, _submit)


async def _submit(round_: Round) -> Ending:
    try:
        ending = await _book(round_)
    except StoppedError as stopped:
        ending = stopped.ending
    return await tell_accounts(round_, ending)


async def _book(round_: Round) -> Ending:
    held = await round_.held(EffectKind.BOOK_ORDER)
    if any(effect.state in (EffectState.DONE, EffectState.UNCERTAIN) for effect in held):
        return await book_all(round_, to_book(held))
    order = round_.taken.input
    if not isinstance(order, SubmitOrder):
        raise TypeError(f"{round_.taken.id} is not an order.")
    buyer = await round_.step(
        CUSTOMER,
        Buyer,
        lambda call: read_buyer(round_.shop, call, order.customer),
        lambda found: found.name or found.ref.key,
    )
    if round_.taken.rights.accounts is not None and buyer.crm_key not in round_.taken.rights.accounts:
        raise round_.refused(CUSTOMER, [_not_theirs()])
    origin = await round_.step(SOURCE, Origin, lambda call: read_origin(round_.shop, call, order, buyer), _say_origin)
    if origin.order_key:
        await _claim(round_, Ref(round_.shop.landscape.crm, origin.order_key))
    try:
        planned = await _plan(round_, order, held, buyer, origin)
    except StoppedError as stopped:
        return await tell_failure(round_, origin.order_key, stopped.ending)
    return await book_all(round_, planned)


async def _claim(round_: Round, sale: Ref) -> None:
    async with round_.shop.store.transaction() as transaction:
        other = await taken_by_another(transaction, round_.taken, sale)
    if other is not None:
        sentence = f"Order {sale.key} of {sale.system} was handed in before, under the reference {other}."
        advice = "Amend that order instead, or cancel it first."
        raise round_.refused(
            SOURCE,
            [
                Problem(
                    code="ALREADY_SUBMITTED",
                    category=ProblemCategory.CONFLICT,
                    message=f"{sentence} {advice}",
                    field=SOURCE.field,
                )
            ],
        )


async def _plan(round_: Round, order: SubmitOrder, held: list[Effect], buyer: Buyer, origin: Origin) -> list[Effect]:
    """Everything that is asked before anything is booked; the bookings to be done."""
    routed = await _route(round_, order, buyer, origin)
    await round_.expect(*(_at("booking", 80, leg) for leg in routed.legs))
    quoted = [await _quote(round_, order, leg, buyer, origin) for leg in routed.legs]
    alone = len(quoted) == 1
    sought = [(_at("search", 45, one.leg), _reference(round_, one.leg, held, alone=alone)) for one in quoted]
    if not await is_booked(round_, sought):
        await _judge(round_, quoted)
    if origin.register:
        origin = await register(round_, order, buyer, origin, [one.request for one in quoted])
    planned = [_booking(round_, one, held, origin, alone=alone) for one in quoted]
    async with round_.shop.store.transaction() as transaction:
        references = [effect.reference for effect in planned]
        await effects.drop_others(transaction, round_.taken.id, EffectKind.BOOK_ORDER, references)
        await effects.plan(transaction, planned)
    return planned


async def _route(round_: Round, order: SubmitOrder, buyer: Buyer, origin: Origin) -> Routed:
    async def decide(_: object) -> Routed:
        return route(round_.shop.landscape, order, ship_to_country(order, buyer), round_.taken.rights)

    routed = await round_.step(
        ROUTING, Routed, decide, lambda found: ", ".join(f"{leg.legal_entity} in {leg.erp}" for leg in found.legs)
    )
    if routed.problems:
        raise round_.refused(ROUTING, routed.problems)
    async with round_.shop.store.transaction() as transaction:
        entities = [leg.legal_entity for leg in routed.legs]
        crm = round_.shop.landscape.crm
        orders = [Ref(crm, origin.order_key)] if origin.order_key else []
        await ledger.know(
            transaction, round_.taken.id, legal_entities=entities, crm_customer_key=buyer.crm_key, orders=orders
        )
    return routed


async def _quote(round_: Round, order: SubmitOrder, leg: Leg, buyer: Buyer, origin: Origin) -> Quoted:
    key = await account_in(round_, buyer, _at("account", 30, leg), order.currency_code)
    request = request_of(order, leg, key, round_.taken.external_reference, origin.order_key)
    quotation = await round_.step(
        _at("quotation", 40, leg),
        OrderQuotation,
        lambda call: quote_leg(round_.shop, call, leg, request),
        say_quotation,
    )
    return Quoted(leg, request, quotation)


async def _judge(round_: Round, quoted: list[Quoted]) -> None:
    """Refuse what an ERP would not book, what credit does not allow, and what cannot be taxed: all legs before one."""
    for one in quoted:
        books = round_.shop.landscape.entities[one.leg.legal_entity]
        against = objections(one.leg, one.request, one.quotation, books)
        if against:
            raise round_.refused(_at("quotation", 40, one.leg), against)
    rules = round_.shop.landscape.rules
    for one in quoted:
        await _pass_credit(round_, one)
        over = credit_objection(one.leg, one.quotation, rules)
        if over is not None:
            raise round_.refused(_at("credit", 50, one.leg), [over])
    for one in quoted:
        await _tax(round_, one)


async def _pass_credit(round_: Round, one: Quoted) -> None:
    async def told(_: object) -> str:
        return say_credit(one.quotation)

    await round_.step(_at("credit", 50, one.leg), str, told, str)


async def _tax(round_: Round, one: Quoted) -> None:
    system = taxed_by(round_.shop.landscape, one.leg)
    await round_.step(
        _at("tax", 60, one.leg)._replace(system=system),
        OrderQuotation,
        lambda call: tax_leg(round_.shop, call, one.request, one.quotation),
        lambda taxed: f"{say_money(taxed.tax)} by {system}" if taxed.tax else f"Left to {system}.",
    )


def _reference(round_: Round, leg: Leg, held: list[Effect], *, alone: bool) -> str:
    """A reference that no booking that was taken back has used."""
    taken_back = sum(effect.state is EffectState.CANCELLED and effect.leg == leg.number for effect in held)
    reference = round_.taken.external_reference if alone else f"{round_.taken.external_reference}-{leg.number}"
    return f"{reference}.{taken_back + 1}" if taken_back else reference


def _booking(round_: Round, one: Quoted, held: list[Effect], origin: Origin, *, alone: bool) -> Effect:
    """The booking of a leg."""
    number, reference = one.leg.number, _reference(round_, one.leg, held, alone=alone)
    return Effect(
        reference=reference,
        submission_id=round_.taken.id,
        kind=EffectKind.BOOK_ORDER,
        leg=number,
        system=one.leg.erp,
        legal_entity=one.leg.legal_entity,
        request=replace(one.request, reference=reference, crm_order_key=origin.order_key),
    )


def _not_theirs() -> Problem:
    sentence = "Your access does not include this customer."
    return Problem(code="FORBIDDEN", category=ProblemCategory.PERMISSION, message=sentence, field=("customer",))


def _at(name: str, position: int, leg: Leg) -> Place:
    return Place(name, position, leg.number, leg.erp, leg.legal_entity)


def _say_origin(origin: Origin) -> str:
    for what, key in (
        ("Order", origin.order_key),
        ("Quote", origin.quote_key),
        ("Opportunity", origin.opportunity_key),
    ):
        if key:
            return f"{what} {key}"
    return "It was not born in the CRM."
