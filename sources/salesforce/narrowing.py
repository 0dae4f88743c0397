"""Which rows are meant: lookups, listings and what the asker may see, as conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from canonical.errors import Mistake
from canonical.order import Stage
from canonical.principal import View
from sources.kit.call import chunks
from sources.ports import CustomerQuery, Lookup, OrderQuery, ProductQuery
from sources.salesforce.ids import long_id, well_formed
from sources.salesforce.mapping import CANCELLED_CODES, DRAFT_CODES
from sources.salesforce.settings import Settings
from sources.salesforce.soql import (
    Condition,
    Select,
    above,
    any_of,
    contains,
    day_start,
    instant,
    is_in,
    is_null,
    lists_one_of,
    newest_first_behind,
    not_in,
    not_null,
    sayable,
    since,
    through,
)

KEYS_A_QUERY: Final = 300
NUMBERS_A_QUERY: Final = 50
"""Each of these costs six patterns, as it may stand beside others in its field."""


def looked_up(select: Select, lookup: Lookup, number_field: str, partner_field: str | None) -> list[Select]:
    """One query for each run of keys, numbers and partners' numbers; the last may bring more than was meant."""
    keys = [is_in("Id", run) for run in chunks(well_formed(lookup.keys), KEYS_A_QUERY)]
    numbers = [is_in(number_field, run) for run in chunks(sayable(lookup.numbers), KEYS_A_QUERY)]
    partners = []
    if partner_field:
        partners = [lists_one_of(partner_field, run) for run in chunks(sayable(lookup.partner_keys), NUMBERS_A_QUERY)]
    return [select.also_where(condition) for condition in (*keys, *numbers, *partners)]


def is_meant(lookup: Lookup, key: str, number: str | None, partner_keys: Iterable[str]) -> bool:
    """Whether the lookup names this record: SOQL compares without case, and a pattern may find a longer number."""
    if key in lookup.keys or number in lookup.numbers:
        return True
    return not set(partner_keys).isdisjoint(lookup.partner_keys) or any(long_id(one) == key for one in lookup.keys)


def orders_seen(select: Select, view: View, settings: Settings) -> Select | None:
    """Orders of the asker's accounts and legal entities; None where nothing may be seen."""
    if sees_nothing(view):
        return None
    conditions = []
    if view.accounts is not None:
        conditions.append(is_in("AccountId", well_formed(sorted(view.accounts))))
    if view.legal_entities is not None and settings.legal_entity_field:
        conditions.append(_of_entities(settings.legal_entity_field, sorted(view.legal_entities)))
    return select.also_where(*conditions)


def customers_seen(select: Select, view: View) -> Select | None:
    """The asker's accounts; None where nothing may be seen."""
    if sees_nothing(view):
        return None
    return select if view.accounts is None else select.also_where(is_in("Id", well_formed(sorted(view.accounts))))


def deals_seen(select: Select, view: View, account_field: str) -> Select | None:
    """Quotes, opportunities or contracts of the asker's accounts; None where nothing may be seen."""
    if sees_nothing(view):
        return None
    return (
        select if view.accounts is None else select.also_where(is_in(account_field, well_formed(sorted(view.accounts))))
    )


def sees_nothing(view: View) -> bool:
    """Whether the view is of no account or no legal entity at all."""
    return view.accounts == frozenset() or view.legal_entities == frozenset()


def orders_listed(select: Select, query: OrderQuery, settings: Settings, quote_field: str) -> Select:
    """One page of orders and one more, to see whether there is one."""
    conditions = (*_order_filters(query, settings, quote_field), *_order_position(query))
    narrowed = select.also_where(*conditions)
    return Select(
        narrowed.fields, "Order", narrowed.children, narrowed.where, ("CreatedDate DESC", "Id DESC"), query.first + 1
    )


def customers_listed(select: Select, query: CustomerQuery) -> Select:
    """One page of accounts and one more."""
    conditions = []
    if query.after_key is not None:
        conditions.append(above("Id", _place(query.after_key)))
    if query.parent_key is not None:
        conditions.append(is_in("ParentId", well_formed([query.parent_key])))
    if query.updated_since is not None:
        conditions.append(since("SystemModstamp", instant(query.updated_since)))
    if query.search:
        conditions.append(any_of(contains("Name", query.search), contains("AccountNumber", query.search)))
    narrowed = select.also_where(*conditions)
    return Select(narrowed.fields, "Account", narrowed.children, narrowed.where, ("Id",), query.first + 1)


def products_listed(select: Select, query: ProductQuery, sku_field: str) -> Select:
    """One page of products that have a sku, and one more."""
    conditions = [not_null(sku_field) if query.after_sku is None else above(sku_field, query.after_sku)]
    if query.search:
        conditions.append(any_of(contains("Name", query.search), contains(sku_field, query.search)))
    narrowed = select.also_where(*conditions)
    return Select(narrowed.fields, "Product2", narrowed.children, narrowed.where, (sku_field, "Id"), query.first + 1)


def _order_filters(query: OrderQuery, settings: Settings, quote_field: str) -> Iterator[Condition]:
    if query.stages is not None:
        yield any_of(*_stages(query.stages))
    for name, keys in (
        ("AccountId", query.customer_keys),
        (quote_field, query.quote_keys),
        ("OpportunityId", query.opportunity_keys),
        ("ContractId", query.contract_keys),
    ):
        if keys is not None:
            yield is_in(name, well_formed(keys))
    if query.legal_entity_code and settings.legal_entity_field:
        yield _of_entities(settings.legal_entity_field, [query.legal_entity_code])
    if query.ordered_from:
        yield since("CreatedDate", day_start(query.ordered_from))
    if query.ordered_to:
        yield through("CreatedDate", query.ordered_to)
    if query.unlinked_only:
        yield is_null(settings.erp_order_number_field)
    if query.search:
        yield any_of(*(contains(name, query.search) for name in ("OrderNumber", "PoNumber", "Account.Name")))


def _order_position(query: OrderQuery) -> Iterator[Condition]:
    if query.after is not None:
        yield newest_first_behind("CreatedDate", query.after.at, "Id", _place(query.after.key))


def _place(key: str) -> str:
    # A cursor comes back from outside, and one text that is no id makes the platform refuse the whole query.
    found = well_formed([key])
    if not found:
        raise Mistake("BAD_CURSOR", "This is not a position in this list: cursors are given by its answers, not made.")
    return found[0]


def _stages(stages: frozenset[Stage]) -> Iterator[Condition]:
    if Stage.DRAFT in stages:
        yield is_in("StatusCode", DRAFT_CODES)
    if Stage.CANCELLED in stages:
        yield is_in("StatusCode", CANCELLED_CODES)
    # A CRM knows no bookings: an order that an ERP has booked is one that was activated here.
    if stages & {Stage.SUBMITTED, Stage.BOOKED}:
        yield not_in("StatusCode", (*DRAFT_CODES, *CANCELLED_CODES))


def _of_entities(field: str, codes: list[str]) -> Condition:
    # A deal over several legal entities names none of them: its lines and its bookings say where it belongs.
    return any_of(is_in(field, codes), is_null(field))
