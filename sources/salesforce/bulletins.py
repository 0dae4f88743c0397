"""Orders' statuses as thin platform events, for Lightning components that are open on the order.

By REST, in collections of up to 200 records, and not by the bus's own Publish: so they go through the client that every
call to the org goes through (its breaker, its ration, one renewal of a token), need no Avro schema of an event that an
administrator may change, and work where only HTTPS leaves the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Final

import msgspec

from canonical.errors import Fault, OutcomeUnknown
from sources.feeds import Bulletin
from sources.kit.call import Call
from sources.kit.http.ask import Ask
from sources.salesforce.client import JSON, Org
from sources.salesforce.faults import Part, to_fault
from sources.salesforce.settings import Settings
from sources.salesforce.wire_written import Saved
from sources.salesforce.writing import MOST_RECORDS, Writing

FIELDS: Final = {
    "id": "Bulletin_Id__c",
    "order_key": "Record_Id__c",
    "order_id": "Order_Id__c",
    "status": "Status__c",
    "previous": "Previous_Status__c",
    "version": "Version__c",
    "at": "Changed_At__c",
    "cursor": "Cursor__c",
}
"""Where each part of a bulletin stands, unless the setting `bulletin_fields` says otherwise."""


class Board:
    """Publishes to one org."""

    def __init__(self, org: Org, system: str, settings: Settings, writing: Writing) -> None:
        """Keep the org's client; `writing` says whether anything may be written."""
        self._org, self._system, self._settings, self._writing = org, system, settings, writing
        self._fields: dict[str, str | None] = {**FIELDS}
        self._fields.update(settings.bulletin_fields.items())

    async def publish(self, call: Call, bulletins: Sequence[Bulletin]) -> Mapping[str, str]:
        """Publish, 200 a call; why not, by the id of each that was refused.

        Each is sent once: who shows a bulletin twice shows the same, but the org counts both.
        """
        self._writing.refuse_where_read_only()
        refused: dict[str, str] = {}
        for start in range(0, len(bulletins), MOST_RECORDS):
            try:
                refused |= await self._publish(call, bulletins[start : start + MOST_RECORDS])
            except Fault as fault:
                if not start:
                    raise
                # Those of the calls before were taken.
                raise OutcomeUnknown(self._system, fault.sentence, detail=fault.detail) from fault
        return refused

    async def _publish(self, call: Call, bulletins: Sequence[Bulletin]) -> dict[str, str]:
        records = [self._record(bulletin) for bulletin in bulletins]
        ask = Ask(
            method="POST",
            path=f"{self._settings.api}/composite/sobjects",
            headers=JSON,
            content=msgspec.json.encode({"allOrNone": False, "records": records}),
            operation=f"publish {self._settings.bulletin_event}",
            safety="write",
        )
        answer = await self._org.send(call, ask)
        saved = self._writing.saved(answer, len(bulletins))
        return {bulletin.id: self._why(one) for bulletin, one in zip(bulletins, saved, strict=True) if not one.success}

    def _record(self, bulletin: Bulletin) -> dict[str, object]:
        parts: dict[str, object] = {
            "id": bulletin.id,
            "order_key": bulletin.order_key,
            "order_id": bulletin.order_id,
            "status": bulletin.status.value,
            "previous": bulletin.previous.value if bulletin.previous is not None else None,
            "version": bulletin.version,
            "at": bulletin.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "cursor": bulletin.cursor,
        }
        told = {name: value for part, value in parts.items() if (name := self._fields.get(part))}
        return {"attributes": {"type": self._settings.bulletin_event}, **told}

    def _why(self, saved: Saved) -> str:
        fault = to_fault(self._system, 400, saved.errors)
        return f"{fault.sentence} ({Part('', 400, saved.errors).told()})"
