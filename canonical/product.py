"""Products: what is sold, by stock keeping unit."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from canonical.absence import UNSET, Told
from canonical.lineage import Stamp
from canonical.money import Money
from canonical.refs import Ref, SystemReference


class ListPrice(Struct, frozen=True):
    """A list price and the price book or legal entity it belongs to, where it belongs to one."""

    price: Money
    legal_entity_code: str | None = None


class ProductRecord(Struct, frozen=True, kw_only=True, weakref=True):
    """One system's telling of a product; `sku` is what joins systems."""

    ref: Ref
    reference: SystemReference
    stamp: Stamp
    sku: str
    name: Told[str] = UNSET
    unit: Told[str] = UNSET
    active: Told[bool] = UNSET
    prices: Told[tuple[ListPrice, ...]] = UNSET


class Quantity(Struct, frozen=True):
    """An exact number of units."""

    value: Decimal
    unit: str | None = None
