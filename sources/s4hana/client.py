"""How SAP is asked: one HTTP call for one read or for several, further pages where it insists.

Fields differ by release. A read first asks for all we know; a system that refuses is asked once for its metadata, and
from then on only for what it has. Systems that have everything never pay for metadata.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

import httpx
import msgspec

from canonical.errors import ContractBroken, Fault, OutcomeUnknown, ProblemCategory, Refused, Unavailable
from sources.kit.auth.authorization import Authorization
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask, Safety
from sources.kit.http.client import SystemClient
from sources.kit.http.flights import Flights
from sources.kit.http.statuses import plain_fault
from sources.kit.odata.batch import (
    BrokenBatchError,
    Changeset,
    Operation,
    PartAnswer,
    read_batch,
    reads,
    write_batch,
)
from sources.kit.odata.metadata import Metadata, read_metadata
from sources.kit.odata.payload import Collection, Rows, following
from sources.kit.odata.query import Query
from sources.landscape import Instance
from sources.s4hana.csrf import Tokens
from sources.s4hana.faults import TokenRequired, contract, fault_in, translation
from sources.s4hana.sendable import Body
from sources.s4hana.services import Service
from sources.s4hana.settings import Settings

T = TypeVar("T")
Decoder = msgspec.json.Decoder[Collection[T]]

BOUNDARY: Final = "revgraph"
JSON: Final = (("Content-Type", "application/json"), ("Accept", "application/json"))


class S4Client:
    """Reads and writes of one SAP system; every method raises a Fault when it could not be asked or said no.

    No write is repeated, but for one that was refused for its token: the token is looked at before anything is done.
    """

    def __init__(
        self,
        instance: Instance,
        settings: Settings,
        authorization: Authorization,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Open nothing yet; the first read does."""
        self.system = instance.name
        self._settings = settings
        self._http = SystemClient(instance, authorization, translation(instance.name), transport=transport)
        self._headers = _standing_headers(instance, settings)
        self._tokens = Tokens(instance.name, self._send, self._http.redactor.learn)
        self._metadata: dict[str, Metadata] = {}
        self._learning: Flights[str, Metadata] = Flights()

    async def read(self, call: Call, service: Service, queries: Sequence[Query], decoder: Decoder[T]) -> list[list[T]]:
        """The rows of each query, in the order of the queries: one HTTP call for all, and one for each further page."""
        return await self.read_each(call, service, queries, [decoder] * len(queries))

    async def read_each(
        self, call: Call, service: Service, queries: Sequence[Query], decoders: Sequence[Decoder[Any]]
    ) -> list[list[Any]]:
        """As `read`, of queries whose rows are of different kinds."""
        try:
            return await self._read(call, service, self._fitting(service, queries), decoders)
        except TokenRequired:
            raise
        except Refused as fault:
            if fault.category is ProblemCategory.PERMISSION or service.name in self._metadata:
                raise
            await self._learn(call, service, fault)
            fitting = self._fitting(service, queries)
            if fitting == list(queries):
                raise
        return await self._read(call, service, fitting, decoders)

    async def _learn(self, call: Call, service: Service, refusal: Refused) -> None:
        """Read what a service that refused has; without its metadata the refusal stands."""
        try:
            await self.metadata(call, service)
        except Fault as why:
            raise refusal from why

    async def metadata(self, call: Call, service: Service) -> Metadata:
        """What the service says it has; read once."""
        if service.name not in self._metadata:
            self._metadata[service.name] = await self._learning.join(
                service.name, lambda: self._fetch_metadata(call, service)
            )
        return self._metadata[service.name]

    async def create(self, call: Call, service: Service, entity_set: str, body: Body) -> Answer:
        """Create one record with all that hangs on it. OutcomeUnknown where nobody knows whether it was."""
        return await self._tokened(call, service, self._writing(service, entity_set, body, "write"))

    async def simulate(self, call: Call, service: Service, entity_set: str, body: Body) -> Answer:
        """What creating would come to, where the service keeps nothing: it is asked as a read."""
        return await self._tokened(call, service, self._writing(service, entity_set, body, "read"))

    async def change(self, call: Call, service: Service, changes: Sequence[Operation]) -> list[Answer]:
        """Changes that take effect together or not at all, and the answer to each.

        OutcomeUnknown where nobody knows whether they did.
        """
        ask = replace(
            self._post(service, [Changeset(tuple(changes))], f"change {service.title}"),
            safety="write",
            shareable=False,
            patience=self._settings.write_seconds,
        )
        answer = await self._tokened(call, service, ask)
        try:
            (part,) = read_batch(answer.content, str(answer.headers.get("content-type", "")))
        except ValueError as broken:
            raise self._lost(str(broken)) from broken
        return self._changed((part,) if isinstance(part, PartAnswer) else part, len(changes))

    async def ping(self, call: Call, service: Service) -> None:
        """One small authorised call to a service."""
        await self._send(call, self._get(service, "", f"ping {service.title}"))

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.close()

    def _fitting(self, service: Service, queries: Sequence[Query]) -> list[Query]:
        known = self._metadata.get(service.name)
        return [query.known_to(known) for query in queries] if known else list(queries)

    async def _read(
        self, call: Call, service: Service, queries: Sequence[Query], decoders: Sequence[Decoder[Any]]
    ) -> list[list[Any]]:
        urls = [query.url() for query in queries]
        if len(urls) == 1:
            answer = await self._send(call, self._get(service, urls[0], f"read {service.title}"))
            parts = [answer]
        else:
            answer = await self._tokened(call, service, self._post(service, reads(urls), f"read {service.title}"))
            parts = self._parts(answer, len(urls))
        firsts = [self._rows(part.content, decoder) for part, decoder in zip(parts, decoders, strict=True)]
        answer.tell_rows(sum(len(rows.results) for rows in firsts))
        asked = zip(queries, firsts, decoders, strict=True)
        return [await self._whole(call, service, query, rows, decoder) for query, rows, decoder in asked]

    async def _whole(self, call: Call, service: Service, query: Query, first: Rows[T], decoder: Decoder[T]) -> list[T]:
        """The first page and those behind it, as long as the server cut and rows are missing."""
        held, rows, pages = list(first.results), first, 1
        while rows.next and (query.top is None or len(held) < query.top):
            if pages >= self._settings.most_pages:
                sentence = f"{self.system} has more {service.title} for this than are read at once."
                raise Refused(self.system, sentence, detail=f"more than {pages} pages of {query.entity_set}")
            with contract(self.system):
                link = following(rows.next, service.name)
            answer = await self._send(call, self._get(service, link, f"read {service.title} further"))
            rows = self._rows(answer.content, decoder)
            answer.tell_rows(len(rows.results))
            held += rows.results
            pages += 1
        return held

    async def _tokened(self, call: Call, service: Service, ask: Ask) -> Answer:
        """A POST with its token. A stale one was refused before anything was done, so it is sent once more."""
        pair = await self._tokens.pair(call, service)
        try:
            return await self._send(call, _with(ask, pair.headers))
        except TokenRequired:
            pair = await self._tokens.pair(call, service, stale=pair)
            return await self._send(call, _with(ask, pair.headers))

    def _parts(self, answer: Answer, expected: int) -> list[Answer]:
        """Each part as an answer of its own; the first fault among them is raised.

        Some servers end a batch with its first failed part, so a missing part is broken only where none failed.
        """
        try:
            parts = read_batch(answer.content, str(answer.headers.get("content-type", "")))
            answers = [self._part(part) for part in parts if isinstance(part, PartAnswer)]
            if len(answers) != expected:
                raise BrokenBatchError(f"{len(answers)} parts where {expected} were asked for")
        except BrokenBatchError as broken:
            sentence = f"{self.system} sent an answer that cannot be read."
            raise ContractBroken(self.system, sentence, detail=str(broken)) from broken
        return answers

    def _part(self, part: PartAnswer) -> Answer:
        answer = Answer(part.status, httpx.Headers(part.headers), part.body)
        fault = fault_in(self.system, answer) or plain_fault(self.system, answer)
        if fault is not None:
            fault.detail = self._http.redactor.detail(fault.detail)
            raise fault
        return answer

    def _rows(self, content: bytes, decoder: Decoder[T]) -> Rows[T]:
        with contract(self.system):
            return decoder.decode(content).d

    async def _fetch_metadata(self, call: Call, service: Service) -> Metadata:
        ask = Ask(
            path=f"{service.root}$metadata",
            headers=(*self._headers, ("Accept", "application/xml")),
            operation=f"read metadata of {service.title}",
        )
        answer = await self._http.send(call, ask)
        with contract(self.system):
            return read_metadata(answer.content.decode("utf-8", "replace"))

    async def _send(self, call: Call, ask: Ask) -> Answer:
        return await self._http.send(call, _with(ask, self._headers))

    def _get(self, service: Service, url: str, operation: str) -> Ask:
        return Ask(path=service.root + url, operation=operation)

    def _post(self, service: Service, parts: Sequence[Operation | Changeset], operation: str) -> Ask:
        return Ask(
            method="POST",
            path=f"{service.root}$batch",
            headers=(("Content-Type", f"multipart/mixed; boundary={BOUNDARY}"), ("Accept", "multipart/mixed")),
            content=write_batch(parts, BOUNDARY),
            operation=operation,
        )

    def _writing(self, service: Service, entity_set: str, body: Body, safety: Safety) -> Ask:
        return Ask(
            method="POST",
            path=service.root + entity_set,
            headers=JSON,
            content=msgspec.json.encode(body),
            operation=f"{'create' if safety == 'write' else 'simulate'} {service.title}",
            safety=safety,
            shareable=False,
            patience=self._settings.write_seconds,
        )

    def _changed(self, parts: Sequence[PartAnswer], expected: int) -> list[Answer]:
        """The answers to changes that took effect; one that failed stands for all, and none was kept.

        A part that tells of a breakdown, and one too few, leave it open what became of them.
        """
        try:
            answers = [self._part(part) for part in parts]
        except (Unavailable, ContractBroken) as broken:
            raise self._lost(broken.detail) from broken
        if len(answers) != expected:
            raise self._lost(f"{len(answers)} parts where {expected} were asked for")
        return answers

    def _lost(self, detail: str | None) -> OutcomeUnknown:
        sentence = f"{self.system} did not say clearly what became of a change."
        return OutcomeUnknown(self.system, sentence, detail=self._http.redactor.detail(detail))


def _with(ask: Ask, headers: tuple[tuple[str, str], ...]) -> Ask:
    return replace(ask, headers=ask.headers + headers)


def _standing_headers(instance: Instance, settings: Settings) -> tuple[tuple[str, str], ...]:
    """The language is pinned so that texts are stable; the client picks the tenant of an on-premise system."""
    headers = [("Accept-Language", settings.language)]
    if settings.sap_client:
        headers.append(("sap-client", settings.sap_client))
    key = instance.credentials.get("api_key")
    if settings.api_key_header and key is not None:
        headers.append((settings.api_key_header, key.reveal()))
    return tuple(headers)
