"""The entry point of federation: records that another subgraph names, by the same loads as any other question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import strawberry
from strawberry.federation.schema import FederationAny

from canonical.errors import Mistake
from canonical.wanted import Wanted
from resolvers import forecast_fields, references
from resolvers.context import Context
from resolvers.forecast_fields import Asks
from schema.customer import Customer
from schema.integration_exception import IntegrationException
from schema.invoice import CreditMemo, Invoice, Payment
from schema.order import Order
from schema.product import Product
from schema.quote import Quote
from schema.shipment import Shipment
from schema.submission import Submission

Entity = Annotated[
    CreditMemo | Customer | IntegrationException | Invoice | Order | Payment | Product | Quote | Shipment | Submission,
    strawberry.union("_Entity"),
]


async def entities_of(
    context: Context, parents: Sequence[object], _: Wanted, representations: list[FederationAny]
) -> Sequence[list[object]]:
    """The records that are represented, in their order."""
    return [await references.records_of(context, [_read(one) for one in representations])] * len(parents)


def entities_asked(context: Context, _: Wanted, __: int, representations: list[FederationAny]) -> Asks:
    """What loading them will ask."""
    named = [references.named(context, _read(one)) for one in representations[: references.MAX_REFERENCES]]
    return forecast_fields.records(context, named)


def entities_most(_: Context, __: int, representations: list[FederationAny]) -> int:
    """As many as are represented."""
    return len(representations)


def _read(representation: object) -> Mapping[str, object]:
    if not isinstance(representation, Mapping):
        raise Mistake("BAD_REFERENCE", "A representation is an object with __typename and a key.")
    return representation
