"""What a resolver was told to read is what is then read of its values, no more and no less."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import strawberry
from hypothesis import given
from hypothesis import strategies as st

from canonical.wanted import Wanted
from engine.seam import batch
from tests.engine.shop import Customer, Desk, Invoice, MoneyValue, Order, OrderValue, Payment

READ: set[str] = set()


class WatchedMoney(MoneyValue):
    def __getattribute__(self, name: str) -> object:
        if not name.startswith("_"):
            READ.add(f"total.{name}")
        return super().__getattribute__(name)


class WatchedOrder(OrderValue):
    def __getattribute__(self, name: str) -> object:
        if not name.startswith("_"):
            READ.add(name)
        return super().__getattribute__(name)


async def watched(context: Desk, parents: Sequence[None], wanted: Wanted) -> Sequence[list[OrderValue]]:
    context.note("watched", parents, wanted)
    return [[WatchedOrder(key, f"N{key}", f"c{key}", WatchedMoney("1.00", "EUR")) for key in "27"] for _ in parents]


@strawberry.type
class Query:
    orders: list[Order] = batch(watched)


watching = strawberry.Schema(Query, types=[Customer, Invoice, Payment])

FIELDS = [
    "id",
    "number",
    "spokenTotal",
    "total { amount }",
    "total { currency }",
    "total { __typename }",
    "customer { name }",
    "customer { orders { number total { currency } } }",
    "invoices { due payments { amount } }",
    'invoices(matching: {above: "1"}) { due }',
    "events { ... on Node { id } }",
]
WRAPPINGS = [
    "a{n}: {}",
    "... on Order {{ a{n}: {} }}",
    "... on Node {{ ... on Order {{ a{n}: {} }} }}",
    "... @include(if: true) {{ a{n}: {} }}",
    "a{n}: {} ... @skip(if: true) {{ number spokenTotal }}",
]
selections = st.lists(st.tuples(st.sampled_from(WRAPPINGS), st.sampled_from(FIELDS)), min_size=1, max_size=8)


def leaves(wanted: Wanted, before: str = "") -> set[str]:
    return {
        leaf
        for name, below in wanted.fields
        for leaf in ({f"{before}{name}"} | (leaves(below, f"{before}{name}.") if below else set()))
    }


@given(selections)
def test_every_name_that_is_read_was_wanted_and_every_wanted_name_is_read(chosen: list[tuple[str, str]]) -> None:
    READ.clear()
    desk = Desk()
    fields = " ".join(wrapping.format(field, n=number) for number, (wrapping, field) in enumerate(chosen))

    result = asyncio.run(watching.execute(f"{{ orders {{ {fields} }} }}", context_value=desk))

    assert result.errors is None
    assert leaves(desk.wanted_by("watched")[0]) == READ
