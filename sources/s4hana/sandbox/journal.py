"""What a unit of work changed, for whoever sends events of it; nothing is noted while nobody listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from sources.s4hana.sandbox.model import EntitySet
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.values import Stored

if TYPE_CHECKING:
    from sources.s4hana.sandbox.store import Store

HEADS: Final[Mapping[str, str]] = {
    "SalesOrder": "A_SalesOrder",
    "DeliveryDocument": "A_OutbDeliveryHeader",
    "BillingDocument": "A_BillingDocument",
    "BusinessPartner": "A_BusinessPartner",
}
"""The documents whose changes are noted, by the first key of each set that belongs to them."""
DERIVED: Final = frozenset({"InvoiceClearingStatus"})
"""Worked out of accounting when it is read: a payment does not change the billing document."""


class Touched(NamedTuple):
    """A document that was made, or fields of it or of what belongs to it that have another value now."""

    head: str
    key: str
    made: bool
    fields: frozenset[str]


class Journal:
    """The changes of the unit of work under way; told whole when the outermost is through."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._depth = 0
        self._touched: list[Touched] = []
        self.listener: Callable[[Sequence[Touched]], None] | None = None

    def begin(self) -> int:
        """A unit of work begins; gives what `undo` takes."""
        self._depth += 1
        return len(self._touched)

    def undo(self, began: int) -> None:
        """The unit of work that began there was undone."""
        self._depth -= 1
        del self._touched[began:]

    def commit(self) -> None:
        """A unit of work is through."""
        self._depth -= 1
        self._tell()

    def inserted(self, entity: EntitySet, values: Mapping[str, Stored]) -> None:
        """One row is new."""
        head = self._head(entity)
        if head is not None:
            key = str(values[entity.keys[0].name])
            self._note(Touched(head, key, entity.name == head, frozenset(values)))

    def updating(self, entity: EntitySet, values: Mapping[str, Stored], where: Clause) -> None:
        """Rows are about to get these values."""
        head = self._head(entity)
        if head is None:
            return
        names = [name for name in values if name not in DERIVED]
        for key, *before in self._store.select(entity, [entity.keys[0].name, *names], where):
            pairs = zip(names, before, strict=True)
            fields = frozenset(name for name, held in pairs if held != values[name]) - DERIVED
            if fields:
                self._note(Touched(head, str(key), made=False, fields=fields))

    def replacing(self, entity: EntitySet, rows: Sequence[Sequence[Stored]]) -> None:
        """These whole rows are about to be put in place of those with their keys, or where there are none."""
        head = self._head(entity)
        if head is None:
            return
        names = [one.name for one in entity.properties]
        for row in rows:
            values, where = dict(zip(names, row, strict=True)), Clause()
            for key in entity.keys:
                where &= equal(key.name, values[key.name])
            if self._store.count(entity, where):
                self.updating(entity, values, where)
            else:
                self.inserted(entity, values)

    def _head(self, entity: EntitySet) -> str | None:
        return HEADS.get(entity.keys[0].name) if self.listener is not None else None

    def _note(self, touched: Touched) -> None:
        self._touched.append(touched)
        if self._depth == 0:
            self._tell()

    def _tell(self) -> None:
        if self._depth or not self._touched:
            return
        touched, self._touched = self._touched, []
        if self.listener is not None:
            self.listener(touched)
