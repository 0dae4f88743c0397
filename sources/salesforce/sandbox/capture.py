"""Change Data Capture: what each transaction did to the rows that are tracked, told as change events.

Triggers note a row when it is first touched, with what it held before; at the end of the transaction the difference is
told. So it does not matter who wrote: a call, a part of a composite, a roll-up, or the story.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from uuid import uuid4

import orjson

from sources.salesforce.sandbox.avro import EventType, bitmaps, change_event, told
from sources.salesforce.sandbox.eventlog import EventLog
from sources.salesforce.sandbox.ids import id18
from sources.salesforce.sandbox.model import SObject
from sources.salesforce.sandbox.store import Row, Store

TRACKED: Final = ("Order", "OrderItem", "Account", "Quote", "SBQQ__Quote__c", "Contract")
OVERFLOW: Final = 100_000
NO_RECORD: Final = id18("000000000000000")
_DERIVED_ONLY: Final = frozenset({"LastModifiedDate", "LastModifiedById", "SystemModstamp"})


@dataclass(frozen=True, slots=True)
class Touched:
    """What became of one row: `names` are the columns that the event tells."""

    one: SObject
    kind: str
    identity: str
    row: Row
    names: tuple[str, ...]


class Capture:
    """Tells of the tracked objects' rows. `origin` is who writes, as the API says it; `overflow` how much is told."""

    def __init__(self, store: Store, log: EventLog, user: str) -> None:
        self.origin = "com/salesforce/api/rest/68.0"
        self.overflow = OVERFLOW
        self.listeners: list[Callable[[Sequence[Touched]], None]] = []
        self._store = store
        self._log = log
        self._user = user
        self._quiet = False
        self._commits = log.latest
        self.kinds: dict[str, EventType] = {
            name: change_event(store.model.objects[name]) for name in TRACKED if name in store.model.objects
        }
        store.run("CREATE TEMP TABLE _touched (object TEXT, id TEXT, before TEXT, PRIMARY KEY (object, id))")
        for kind in self.kinds.values():
            for statement in _triggers(kind.one):
                store.run(statement)
        store.at_commit = self._commit
        store.after_commit = log.wake

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Nothing of what happens inside is told: how an org is filled before anybody listens."""
        was, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = was

    def gap(self, kind: EventType, change_type: str, identities: Sequence[str]) -> bytes:
        """The payload of an event that lost its body: it names records at most."""
        return kind.encode({"ChangeEventHeader": self._header(kind, f"GAP_{change_type}", identities, 1, ())})

    def _commit(self) -> None:
        touched = self._store.select("SELECT object, id, before FROM temp._touched ORDER BY rowid")
        if not touched:
            return
        self._store.run("DELETE FROM temp._touched")
        if self._quiet:
            return
        seen = [self._seen(str(name), str(identity), before) for name, identity, before in touched]
        changes = [one for one in seen if one is not None]
        self._commits += 1
        if len(changes) > self.overflow:
            for name in dict.fromkeys(change.one.name for change in changes):
                kind = self.kinds[name]
                self._log.append(kind.topic, str(uuid4()), kind.schema_id, self.gap(kind, "OVERFLOW", [NO_RECORD]))
        else:
            self._tell(changes)
        for listener in self.listeners:
            listener(changes)

    def _tell(self, changes: Sequence[Touched]) -> None:
        """One event a change; neighbours that changed alike share one, as the platform merges them."""
        key = str(uuid4())
        valued = [(change, told(change.one, change.row, change.names)) for change in changes]
        events: list[tuple[str, str, str, bytes]] = []
        for number, (_, alike) in enumerate(groupby(valued, _likeness), 1):
            same = list(alike)
            first, values = same[0]
            kind = self.kinds[first.one.name]
            named = [change.identity for change, _ in same]
            header = self._header(kind, first.kind, named, number, first.names, first.row, key)
            payload = kind.encode({"ChangeEventHeader": header, **values})
            events.append((kind.topic, str(uuid4()), kind.schema_id, payload))
        self._log.append_all(events)

    def _header(
        self,
        kind: EventType,
        change_type: str,
        identities: Sequence[str],
        number: int,
        names: Sequence[str],
        row: Row | None = None,
        key: str | None = None,
    ) -> dict[str, object]:
        updated = list(names) if change_type == "UPDATE" else []
        nulled = [name for name in updated if row is not None and row[name] is None]
        return {
            "entityName": kind.one.name,
            "recordIds": list(identities),
            "changeType": change_type,
            "changeOrigin": self.origin,
            "transactionKey": key or str(uuid4()),
            "sequenceNumber": number,
            "commitTimestamp": round(self._store.clock().timestamp() * 1000),
            "commitNumber": self._commits,
            "commitUser": self._user,
            "nulledFields": bitmaps(kind, nulled),
            "diffFields": [],
            "changedFields": bitmaps(kind, updated),
        }

    def _seen(self, name: str, identity: str, before: object) -> Touched | None:
        one = self.kinds[name].one
        row = self._store.row(one, identity)
        if row is None:
            return None
        if before is None:
            made = () if row["IsDeleted"] else tuple(column for column, value in row.items() if value is not None)
            return Touched(one, "CREATE", identity, row, made) if made else None
        old = dict(zip((field.name for field in one.columns), orjson.loads(str(before)), strict=True))
        if row["IsDeleted"] != old["IsDeleted"]:
            return Touched(one, "DELETE" if row["IsDeleted"] else "UNDELETE", identity, row, ())
        changed = tuple(column for column, value in row.items() if value != old[column])
        return Touched(one, "UPDATE", identity, row, changed) if set(changed) - _DERIVED_ONLY else None


def _likeness(valued: tuple[Touched, Mapping[str, object]]) -> object:
    change, values = valued
    return change.one.name, change.kind, change.names, values


def _triggers(one: SObject) -> Iterator[str]:
    held = ", ".join(f'OLD."{field.name}"' for field in one.columns)
    for moment, before in (("INSERT", "NULL"), ("UPDATE", f"json_array({held})")):
        yield (
            f'CREATE TEMP TRIGGER "{one.name}_{moment}" AFTER {moment} ON main."{one.name}" BEGIN '
            f"INSERT OR IGNORE INTO _touched VALUES ('{one.name}', NEW.\"Id\", {before}); END"
        )
