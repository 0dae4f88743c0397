"""Writes to one org, each one call whose records are written all or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final, TypeAlias, TypeVar
from urllib.parse import quote

import msgspec

from canonical.errors import ContractBroken, OutcomeUnknown, ProblemCategory, Refused
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask, Safety
from sources.kit.http.decoding import JsonDecoder
from sources.salesforce.client import JSON, Org
from sources.salesforce.faults import Part, fault_of_parts, parts_of_graph, parts_of_records
from sources.salesforce.wire_written import GraphsAnswer, Made, Saved

T = TypeVar("T")
Body: TypeAlias = Mapping[str, object]

MOST_NODES: Final = 500
MOST_RECORDS: Final = 200
_GRAPHS: Final = JsonDecoder(GraphsAnswer)
_SAVED: Final = JsonDecoder(list[Saved])
_MADE: Final = msgspec.json.Decoder(Made)
# Amounts go out as the exact decimals that they are.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Upsert:
    """A record found or made by its external id. `name` is what others in the graph call it, `label` what people do."""

    name: str
    sobject: str
    field: str
    value: str
    body: Body
    label: str

    def node(self, api: str) -> dict[str, object]:
        """The record as a part of a graph."""
        url = f"{api}/sobjects/{self.sobject}/{self.field}/{quote(self.value, safe='')}"
        return {"method": "PATCH", "url": url, "referenceId": self.name, "body": self.body}


@dataclass(frozen=True, slots=True)
class Change:
    """New values for a record that is there, which people know by its `label`."""

    sobject: str
    key: str
    body: Body
    label: str = ""

    @property
    def record(self) -> dict[str, object]:
        """The change as a record of a collection."""
        return {"attributes": {"type": self.sobject}, "id": self.key, **self.body}


class Writing:
    """Writes to one org. A fault that says so means that nothing of the call was written.

    OutcomeUnknown when the org's answer was lost or cannot be read; no method asks again after a graph.
    """

    def __init__(self, org: Org, system: str, api: str, *, read_only: bool) -> None:
        """Keep the org's client and the path below which its API lives."""
        self._org = org
        self._system = system
        self._api = api
        self._read_only = read_only

    def refuse_where_read_only(self) -> None:
        """Raise Refused where the settings say that this org is not written to."""
        if self._read_only:
            sentence = f"{self._system} is set up to be read only: nothing is written there."
            raise Refused(self._system, sentence, category=ProblemCategory.PERMISSION)

    async def save_graph(self, call: Call, upserts: Sequence[Upsert], operation: str) -> dict[str, str]:
        """Find or make up to 500 records, all or none; their ids by name."""
        nodes = [one.node(self._api) for one in upserts]
        content = _ENCODER.encode({"graphs": [{"graphId": "order", "compositeRequest": nodes}]})
        answer = await self._send(call, "POST", "/composite/graph", content, operation, "write")
        graphs = self._read(_GRAPHS, answer).graphs
        if len(graphs) != 1:
            raise self._unreadable(f"{len(graphs)} graphs came back for one")
        self._raise_fault(parts_of_graph(graphs[0], {one.name: one.label for one in upserts}))
        parts = graphs[0].graph_response.composite_response
        made = {part.reference_id: self._made(bytes(part.body)) for part in parts}
        if made.keys() != {one.name for one in upserts}:
            raise self._unreadable("the graph's answer leaves out a part")
        return made

    async def change_all(self, call: Call, changes: Sequence[Change], operation: str) -> None:
        """Change up to 200 records, all or none. Once more it changes nothing, so the client may send it again."""
        content = _ENCODER.encode({"allOrNone": True, "records": [change.record for change in changes]})
        answer = await self._send(call, "PATCH", "/composite/sobjects", content, operation, "replayable")
        saved = self.saved(answer, len(changes))
        self._raise_fault(parts_of_records(saved, [change.label for change in changes]))

    def saved(self, answer: Answer, records: int) -> list[Saved]:
        """What became of each record of a collection; OutcomeUnknown where the answer does not tell it of every one."""
        saved = self._read(_SAVED, answer)
        if len(saved) != records:
            raise self._unreadable("the answer leaves out a record")
        return saved

    async def change(
        self, call: Call, change: Change, operation: str, safety: Safety, unmodified_since: datetime | None = None
    ) -> None:
        """Change one record; Unavailable where somebody changed it after `unmodified_since`: look and ask again."""
        headers: tuple[tuple[str, str], ...] = ()
        if unmodified_since is not None:
            headers = (("If-Unmodified-Since", format_datetime(unmodified_since.astimezone(UTC), usegmt=True)),)
        path = f"/sobjects/{change.sobject}/{change.key}"
        await self._send(call, "PATCH", path, _ENCODER.encode(change.body), operation, safety, headers)

    async def _send(
        self,
        call: Call,
        method: str,
        path: str,
        content: bytes,
        operation: str,
        safety: Safety,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Answer:
        ask = Ask(
            method=method,
            path=self._api + path,
            headers=(*JSON, *headers),
            content=content,
            operation=operation,
            safety=safety,
        )
        return await self._org.send(call, ask)

    def _read(self, decoder: JsonDecoder[T], answer: Answer) -> T:
        try:
            return decoder.decode(self._system, answer)
        except ContractBroken as broken:
            raise self._unreadable(broken.detail) from broken

    def _made(self, body: bytes) -> str:
        try:
            return _MADE.decode(body).id
        except msgspec.DecodeError as wrong:
            raise self._unreadable(str(wrong)) from wrong

    def _raise_fault(self, parts: Sequence[Part]) -> None:
        fault = fault_of_parts(self._system, parts)
        if fault is not None:
            raise fault

    def _unreadable(self, detail: str | None) -> OutcomeUnknown:
        # It was sent, and an answer that cannot be read does not say what became of it.
        return OutcomeUnknown(self._system, f"{self._system} sent an answer that cannot be read.", detail=detail)
