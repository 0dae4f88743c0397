"""What we read of records that are written to, and what the org answers to what was written.

As in `wire`; the attributes that an org names itself are put in by `standing`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import UNSET, Struct

from sources.salesforce.wire import CompositeAnswer, ErrorEntry, Product, Rows, Sent


class StandingLine(Struct, frozen=True, rename="pascal"):
    """A line as it stands in the org; `reference` is ours and says its place, `quote_line` where it comes from."""

    id: str
    reference: Sent[str] = UNSET
    quote_line: Sent[str] = UNSET
    erp_keys: Sent[str] = UNSET


class StandingOrder(Struct, frozen=True, rename="pascal"):
    """An order as it stands in the org, with what was written back to it."""

    id: str
    status_code: Sent[str] = UNSET
    reference: Sent[str] = UNSET
    erp_numbers: Sent[str] = UNSET
    erp_status: Sent[str] = UNSET
    erp_failure: Sent[str] = UNSET
    order_items: Sent[Rows[StandingLine]] = UNSET


class StandingAccount(Struct, frozen=True, rename="pascal"):
    """An account as it stands in the org, with the ERP numbers that it carries."""

    id: str
    last_modified_date: datetime
    erp_numbers: Sent[str] = UNSET


class Offered(Struct, frozen=True, rename="pascal"):
    """A product's entry in the price book of registered orders."""

    id: str
    pricebook2_id: str
    unit_price: Decimal
    product2: Sent[Product] = UNSET


class GraphAnswer(Struct, frozen=True, rename="camel"):
    """One graph's answer: all of it happened, or nothing."""

    graph_response: CompositeAnswer
    is_successful: bool


class GraphsAnswer(Struct, frozen=True):
    """What a call with graphs answers."""

    graphs: list[GraphAnswer]


class Made(Struct, frozen=True):
    """The body of a part that made or changed a record."""

    id: str


class Saved(Struct, frozen=True):
    """What became of one record of a collection."""

    success: bool
    errors: list[ErrorEntry] = []
