"""One reading of one Tryton system: what every record mapped from it has in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from canonical.absence import UNSET, Told
from canonical.lineage import Stamp
from canonical.refs import Ref, SystemReference
from canonical.wanted import Wanted
from sources.tryton.settings import Entities, Settings

T = TypeVar("T")

SALE: Final = "sale.sale"
SHIPMENT: Final = "stock.shipment.out"
RETURN: Final = "stock.shipment.out.return"
INVOICE: Final = "account.invoice"
ENTRY: Final = "account.move"
PARTY: Final = "party.party"
PRODUCT: Final = "product.product"


@dataclass(frozen=True, slots=True)
class Reading:
    """Which system was read, as whom its companies are known, as which company it was asked, and when (aware, UTC)."""

    system: str
    settings: Settings
    entities: Entities
    fetched_at: datetime
    company: int | None = None

    def ref(self, key: str | int) -> Ref:
        """A record of this system."""
        return Ref(self.system, str(key))

    def stamp(self, model: str, key: str | int) -> Stamp:
        """That this record was read now."""
        return Stamp(self.system, model, str(key), self.fetched_at)

    def reference(self, model: str, row: int, key: str | int | None = None) -> SystemReference:
        """The record as people look it up, with a link by its id where the web client's address is configured."""
        ui = self.settings.ui_url
        url = f"{ui.rstrip('/')}/#{self.settings.database}/model/{model}/{row}" if ui else None
        return SystemReference(self.system, model, str(row if key is None else key), url)


@dataclass(frozen=True, slots=True)
class Asked:
    """Tells what is not there from what nobody asked for."""

    wanted: Wanted

    def __call__(self, value: T | None, *names: str) -> Told[T]:
        """The value; without one None if a field of these names was asked for, else UNSET."""
        if value is not None or self.wanted.any_of(*names):
            return value
        return UNSET
