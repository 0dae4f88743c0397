"""Small values that appear in many places: money, addresses, references, gaps, pages."""

from __future__ import annotations

from decimal import Decimal

import strawberry
from strawberry.federation import type as federated

from schema.scalars import Cursor


@federated(shareable=True, description="An amount in one ISO 4217 currency.")
class Money:
    """An exact amount and its currency."""

    amount: Decimal
    currency_code: str


@federated(shareable=True)
class Address:
    """A postal address."""

    street: str | None
    city: str | None
    postal_code: str | None
    region: str | None
    country: str | None


@federated(shareable=True, description="One record in one system: where a value can be looked up.")
class SystemReference:
    """Where a record can be looked up."""

    system: str
    record_type: str
    key: str
    url: str | None


@strawberry.type(description="A system whose part could not be read just now.")
class SourceGap:
    """What is missing of which system, and why."""

    system: str
    missing: list[str]
    reason: str
    served_from_last_known: bool
    retry_after_seconds: int | None


@federated(shareable=True)
class PageInfo:
    """Whether more follows, and from where."""

    has_next_page: bool
    end_cursor: Cursor | None


@strawberry.interface
class Node:
    """Anything with a global id."""

    id: strawberry.ID
