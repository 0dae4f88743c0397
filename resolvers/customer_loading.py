"""Customers by reference: the CRM's record and, where it matters, what the ERPs keep under their own numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from canonical.absence import UNSET, Served, Told, known
from canonical.customer import CustomerRecord
from canonical.errors import Fault
from canonical.joined import Customer
from canonical.joining import CustomerGroup, join_customers
from canonical.order import OrderRecord
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.access import sees_customer
from resolvers.asking import side_by_side, split
from resolvers.context import Context
from resolvers.loading import load_all
from sources.landscape import Landscape
from sources.ports import CustomerSource, Lookup, OrderSource

T = TypeVar("T")
_ERP_PART = ("references", "every_record")
"""Fields that need every system's record; the others are the CRM's alone, as long as it has the customer."""


class CustomerHarvest(Struct, frozen=True):
    """Records of one or more systems, and the systems that could not be asked."""

    crm: tuple[CustomerRecord, ...] = ()
    accounts: tuple[CustomerRecord, ...] = ()
    faults: Mapping[str, Fault] = {}


async def load_customers(context: Context, refs: Sequence[Ref]) -> list[Customer | Fault | None]:
    """Customers by any system's reference; None where there is none, a Fault where that system could not be asked."""

    async def fetch(keys: Sequence[Ref]) -> Sequence[Customer | Fault | None]:
        return await fetch_customers(context, keys)

    return await load_all(context, "customers", fetch, refs)


async def prime_customers(context: Context, booked: Sequence[OrderRecord]) -> None:
    """Load the customers of orders that the CRM does not know, in the same round as everything else asked of it."""
    if "customer" not in context.wants_of("Order"):
        return
    crm = context.system(context.landscape.crm, OrderSource)
    unnamed = [r for r in booked if crm is None or not any(crm.named_order(key) for key in r.partner_keys)]
    refs = [Ref(record.ref.system, key) for record in unnamed if (key := known(record.customer_key))]
    if not refs or context.wants_of("Customer").any_of(*_ERP_PART):
        return
    # Asked here and not by the loader, whose turn comes later: the CRM then takes it together with the orders.
    numbers = tuple(dict.fromkeys(ref.key for ref in refs))
    lookup = Lookup(partner_keys=numbers)
    harvest = await ask_customers(context, {context.landscape.crm: lookup}, customer_wanted(context))
    held: dict[Ref, Customer] = context.loaders.setdefault("embedded customers", {})
    for customer in serve_customers(context, harvest):
        held.update({customer.ref: customer, **_numbered(context, customer, refs)})
    if not harvest.faults:
        context.loaders.setdefault("numbers the crm lacks", set()).update(ref.key for ref in refs if ref not in held)


def embed_account(context: Context, record: OrderRecord) -> None:
    """Keep what an ERP's order tells of its customer, for the case that the CRM lacks it.

    Where two orders tell different things of one customer, neither counts: a name may be typed for one order alone.
    """
    customer = known(record.customer)
    if customer is None:
        return
    held: dict[Ref, CustomerRecord | None] = context.loaders.setdefault("customers of bookings", {})
    other = held.setdefault(customer.ref, customer)
    if other is not None and replace(customer, stamp=other.stamp) != other:
        held[customer.ref] = None


def embed_customers(context: Context, records: Iterable[OrderRecord]) -> None:
    """Keep the customers that came along with orders, unless the operation reads what they do not hold."""
    if context.wants_of("Customer").any_of(*_ERP_PART):
        return
    held: dict[Ref, Customer] = context.loaders.setdefault("embedded customers", {})
    for record in records:
        customer = known(record.customer)
        if customer is not None and customer.ref not in held:
            group = CustomerGroup(customer.ref, customer, ())
            held[customer.ref] = serve_customer(context.landscape, group, {})


async def fetch_customers(context: Context, refs: Sequence[Ref]) -> Sequence[Customer | Fault | None]:
    """Customers for these references, as many as given and in their order."""
    embedded: Mapping[Ref, Customer] = context.loaders.get("embedded customers", {})
    missing = [ref for ref in refs if ref not in embedded]
    by_ref, faults = await _fetch(context, missing) if missing else ({}, {})
    found = {**by_ref, **embedded}
    # The CRM's first: it is asked for all of them, and what an ERP knows is no answer before it has answered.
    return [found.get(ref) or _down(context, faults) or faults.get(ref.system) for ref in refs]


def _down(context: Context, faults: Mapping[str, Fault]) -> Fault | None:
    return faults.get(context.landscape.crm)


async def _fetch(context: Context, refs: Sequence[Ref]) -> tuple[dict[Ref, Customer], Mapping[str, Fault]]:
    harvest = await _gather(context, refs)
    customers = serve_customers(context, harvest)
    by_ref: dict[Ref, Customer] = {}
    for customer in customers:
        by_ref[customer.ref] = customer
        by_ref.update({record.ref: customer for record in customer.records()})
        if customer.crm:
            by_ref.update(_numbered(context, customer, refs))
    return by_ref, harvest.faults


def _numbered(context: Context, customer: Customer, refs: Sequence[Ref]) -> dict[Ref, Customer]:
    """The ERP references that the CRM record itself carries the number of."""
    crm = customer.crm
    numbers = set(crm.partner_keys) if crm else set()
    return {ref: customer for ref in refs if ref.system != context.landscape.crm and ref.key in numbers}


async def _gather(context: Context, refs: Sequence[Ref]) -> CustomerHarvest:
    crm_name, wanted = context.landscape.crm, customer_wanted(context)
    erp_refs = [ref for ref in refs if ref.system != crm_name]
    keys = tuple(ref.key for ref in refs if ref.system == crm_name)
    lacking: set[str] = context.loaders.get("numbers the crm lacks", set())
    numbers = tuple(ref.key for ref in erp_refs if ref.key not in lacking)
    heads = await ask_customers(context, {crm_name: Lookup(keys=keys, partner_keys=numbers)}, wanted)
    linked = {number for head in heads.crm for number in head.partner_keys}
    whole = context.wants_of("Customer").any_of(*_ERP_PART)
    asked = [ref for ref in erp_refs if whole or ref.key not in linked]
    at_hand = {} if crm_name in heads.faults else _at_hand(context, asked)
    lookups: dict[str, Lookup] = {}
    for erp in context.landscape.erps:
        own = tuple(ref.key for ref in asked if ref.system == erp and ref not in at_hand)
        partners = tuple(head.ref.key for head in heads.crm) if whole else ()
        lookups[erp] = Lookup(keys=own, partner_keys=partners, numbers=tuple(linked) if whole else ())
    accounts = await ask_customers(context, lookups, wanted)
    records = (*at_hand.values(), *accounts.accounts)
    return CustomerHarvest(heads.crm, records, {**heads.faults, **accounts.faults})


def _at_hand(context: Context, refs: Sequence[Ref]) -> dict[Ref, CustomerRecord]:
    """What orders told of these customers, of those alone of whom they told all that the operation reads."""
    if context.principal.accounts is not None:
        return {}  # whose customer it is, only the whole record says
    booked: Mapping[Ref, CustomerRecord | None] = context.loaders.get("customers of bookings", {})
    read = tuple(context.wants_of("Customer").names())
    held = {ref: record for ref in refs if (record := booked.get(ref))}
    return {ref: r for ref, r in held.items() if all(getattr(r, name, UNSET) is not UNSET for name in read)}


async def with_accounts(
    context: Context, heads: CustomerHarvest, wanted: Wanted, partner_keys: Sequence[str]
) -> CustomerHarvest:
    """The CRM's records and every ERP's record of the same customers, by the references that either carries."""
    numbers = tuple(dict.fromkeys(number for head in heads.crm for number in head.partner_keys))
    lookup = Lookup(partner_keys=tuple(partner_keys), numbers=numbers)
    accounts = await ask_customers(context, dict.fromkeys(context.landscape.erps, lookup), wanted)
    return CustomerHarvest(heads.crm, accounts.accounts, {**heads.faults, **accounts.faults})


def customer_wanted(context: Context) -> Wanted:
    """What the operation reads of customers' records."""
    customer = context.wants_of("Customer")
    wanted = customer.only(CustomerRecord.__struct_fields__)
    return wanted | Wanted.of("name", "billing_address", "shipping_address") if "every_record" in customer else wanted


async def ask_customers(context: Context, lookups: Mapping[str, Lookup], wanted: Wanted) -> CustomerHarvest:
    """One call a system, side by side; a system with nothing to look up is not asked."""
    questions = {
        name: source.fetch_customers(context.call, lookup, wanted)
        for name, lookup in lookups.items()
        if (lookup.keys or lookup.partner_keys or lookup.numbers) and (source := context.system(name, CustomerSource))
    }
    answers, faults = split(await side_by_side(questions))
    crm_name = context.landscape.crm
    accounts = tuple(record for name, records in answers.items() if name != crm_name for record in records)
    return CustomerHarvest(tuple(answers.get(crm_name, ())), accounts, faults)


def serve_customers(context: Context, harvest: CustomerHarvest) -> list[Customer]:
    """The joined customers that the principal may see."""
    crm = context.system(context.landscape.crm, CustomerSource)
    naming = crm.named_customer if crm else lambda _: None
    groups = join_customers(context.landscape.crm, harvest.crm, harvest.accounts, naming)
    customers = [serve_customer(context.landscape, group, harvest.faults) for group in groups]
    return [customer for customer in customers if sees_customer(context.principal, customer)]


def serve_customer(landscape: Landscape, group: CustomerGroup, faults: Mapping[str, Fault]) -> Customer:
    """One customer of its records: each field its owner's, the other side's where the owner has no record."""
    records = ((group.crm,) if group.crm else ()) + group.accounts
    crm_fault = faults.get(landscape.crm) if group.crm is None else None
    silent = crm_fault if group.anchor.system == landscape.crm else None

    def one(name: str, read: Callable[[CustomerRecord], Told[T]]) -> Served[T]:
        if silent is not None:
            return silent
        if not records:
            return UNSET
        crm_first = not group.accounts or landscape.owner("customer", name) == landscape.crm
        return read(records[0] if crm_first else group.accounts[0])

    parent = known(group.crm.parent_key) if group.crm else None
    return Customer(
        ref=group.anchor,
        crm=group.crm,
        accounts=group.accounts,
        faults=faults,
        crm_id=group.anchor.key if group.anchor.system == landscape.crm else None,
        references=tuple(record.reference for record in records),
        name=one("name", lambda record: record.name),
        parent_ref=Ref(landscape.crm, parent) if parent else None,
        contacts=one("contacts", lambda record: record.contacts),
        billing_address=one("billing_address", lambda record: record.billing_address),
        shipping_address=one("shipping_address", lambda record: record.shipping_address),
    )


def reads_every_record(context: Context) -> bool:
    """Whether the operation reads of customers what takes every system's record of them."""
    return context.wants_of("Customer").any_of(*_ERP_PART)
