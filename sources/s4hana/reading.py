"""One reading of one SAP system: what every record mapped from it has in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar, cast

from msgspec import Struct, defstruct, field

from canonical.absence import UNSET, Told
from canonical.lineage import Stamp
from canonical.refs import Ref, SystemReference
from canonical.wanted import Wanted
from sources.kit.odata.payload import Expanded
from sources.s4hana.settings import Entities, Settings
from sources.s4hana.wire import SalesOrder, SalesOrderItem

T = TypeVar("T")
S = TypeVar("S", bound=Struct)

ORDER: Final = "SalesOrder"
DELIVERY: Final = "OutboundDelivery"
INVOICE: Final = "BillingDocument"
JOURNAL_ENTRY: Final = "AccountingDocument"
CUSTOMER: Final = "Customer"
PRODUCT: Final = "Material"


def with_field(kind: type[S], name: str) -> type[S]:
    """The wire type with one field more, text or nothing, where it does not have it: a company's own."""
    if name in kind.__struct_fields__:
        return kind
    return cast(
        "type[S]", defstruct(kind.__name__, [(name, str | None, None)], bases=(kind,), frozen=True, kw_only=True)
    )


def order_row(settings: Settings) -> type[SalesOrder]:
    """A sales order as it is read, with the fields that the company configured, of its head and of its items."""
    item: type[SalesOrderItem] = SalesOrderItem
    for name in settings.item_fields():
        item = with_field(item, name)
    row: type[SalesOrder] = SalesOrder
    for name in settings.partner_fields():
        row = with_field(row, name)
    if item is SalesOrderItem:
        return row
    items: type[Expanded[SalesOrderItem]] = Expanded[item]  # type: ignore[valid-type]
    below: list[tuple[str, type, object]] = [("to_Item", items, field(default_factory=Expanded))]
    return cast("type[SalesOrder]", defstruct(row.__name__, below, bases=(row,), frozen=True, kw_only=True))


@dataclass(frozen=True, slots=True)
class Reading:
    """Which system was read, as whom its codes are known, and when (aware, UTC)."""

    system: str
    settings: Settings
    entities: Entities
    fetched_at: datetime

    def ref(self, key: str) -> Ref:
        """A record of this system."""
        return Ref(self.system, key)

    def stamp(self, record_type: str, key: str) -> Stamp:
        """That this record was read now."""
        return Stamp(self.system, record_type, key, self.fetched_at)

    def reference(self, record_type: str, key: str) -> SystemReference:
        """The record as people look it up, with a link where the launchpad's address is configured."""
        ui = self.settings.ui_url
        url = f"{ui.rstrip('/')}/ui#{record_type}-displayFactSheet?{record_type}={key}" if ui else None
        return SystemReference(self.system, record_type, key, url)


class Asked:
    """Tells what is not there from what nobody asked for."""

    __slots__ = ("_names",)

    def __init__(self, wanted: Wanted) -> None:
        """Keep the names asked for at this level; it is called for each field of each record."""
        self._names = frozenset(wanted.names())

    def __call__(self, value: T | None, *names: str) -> Told[T]:
        """The value; without one None if a field of these names was asked for, else UNSET."""
        if value is not None or not self._names.isdisjoint(names):
            return value
        return UNSET
