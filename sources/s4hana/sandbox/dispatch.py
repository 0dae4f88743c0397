"""The staircase of a request: address, logon, service, CSRF token, then metadata, batch, reading or changing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import orjson

from sources.s4hana.sandbox import resource
from sources.s4hana.sandbox.access import Logon
from sources.s4hana.sandbox.batch import Change, assembled, parts_of
from sources.s4hana.sandbox.csrf import REFUSED, Sessions, fetching
from sources.s4hana.sandbox.errors import HTML, XML, page, refused
from sources.s4hana.sandbox.exchange import Ask, Reply
from sources.s4hana.sandbox.metadata import edmx, service_document
from sources.s4hana.sandbox.model import SERVICES, Service
from sources.s4hana.sandbox.model.sales_order import SALES_ORDER
from sources.s4hana.sandbox.model.simulation import SIMULATION
from sources.s4hana.sandbox.permissions import Permissions
from sources.s4hana.sandbox.reading import Reader
from sources.s4hana.sandbox.refusal import Refusal
from sources.s4hana.sandbox.settings import SystemSettings
from sources.s4hana.sandbox.simulation import Simulation
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.writing import Writing

ROOT: Final = "/sap/opu/odata/sap/"
TOKEN_PATH: Final = "/sap/bc/sec/oauth2/token"  # noqa: S105 - an address


@dataclass
class System:
    """One pretend system: its rows, its sessions, what its user may see, which orders other users hold."""

    settings: SystemSettings
    store: Store
    logon: Logon
    sessions: Sessions
    services: tuple[Service, ...] = SERVICES
    permissions: Permissions = field(default_factory=Permissions)
    locks: dict[str, str] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def answer(self, ask: Ask) -> Reply:
        """The answer to one request over the wire."""
        started = time.perf_counter_ns()
        reply = self._admit(ask)
        if fetching(ask) and reply.status not in {401, 414}:
            reply = reply.having(*self.sessions.fetch(ask))
        spent = (time.perf_counter_ns() - started) // 1000
        return reply.having(("dataserviceversion", "2.0"), ("sap-perf-fesrec", f"{spent}.000000"))

    def _admit(self, ask: Ask) -> Reply:
        if len(ask.path) + len(ask.query) > self.settings.longest_address:
            return Reply(414, page(414), HTML)
        if ask.path == TOKEN_PATH:
            return self.logon.token(ask)
        if (turned_away := self.logon.refuse(ask)) is not None:
            return turned_away
        if not ask.path.startswith(ROOT):
            return Reply(404, page(404), HTML)
        segment, _, path = ask.path.removeprefix(ROOT).partition("/")
        try:
            service = self._service(segment)
        except Refusal as refusal:
            return refused(ask, refusal, segment, "0001", self.now())
        if not ask.reads and not self.sessions.admits(ask):
            return REFUSED
        return self._serve(service, ask, path, f"{ROOT}{segment}/")

    def _service(self, segment: str) -> Service:
        name, *parameters = segment.split(";")
        version = next((one.removeprefix("v=") for one in parameters if one.startswith("v=")), "1").zfill(4)
        for service in self.services:
            if (service.name, service.version) == (name, version):
                return service
        text = f"No service found for namespace '', name '{name}', version '{version}'"
        raise Refusal(403, "/IWFND/MED/170", text)

    def _named(self, name: str) -> Service:
        return next(service for service in self.services if service.name == name)

    def _serve(self, service: Service, ask: Ask, path: str, service_path: str) -> Reply:
        reader = Reader(self.store, service, f"{ask.origin}{service_path}", self.permissions)
        try:
            if path == "$batch":
                return self._batch(reader, ask, service_path)
            if path in {"", "$metadata"} and ask.reads:
                return _described(service, ask, path, reader.root)
            return self._resource(reader, ask, path)
        except Refusal as refusal:
            return refused(ask, refusal, service.name, service.version, self.now())

    def _resource(self, reader: Reader, ask: Ask, path: str) -> Reply:
        if ask.reads:
            return resource.answer(reader, ask, path, self.settings)
        if reader.service.name == SIMULATION.name:
            return Simulation(reader, self._named(SALES_ORDER.name), self.now()).answer(ask, path)
        return Writing(reader, self.now(), self.locks).answer(ask, path)

    def _batch(self, reader: Reader, ask: Ask, service_path: str) -> Reply:
        if ask.method != "POST":
            raise Refusal(405, "/IWBEP/CM_MGW_RT/063", "A batch is posted.")
        answers: list[Reply | Sequence[tuple[str, Reply]]] = []
        for part in parts_of(ask, service_path):
            if isinstance(part, Ask):
                answers.append(self._serve(reader.service, part, part.path.removeprefix(service_path), service_path))
            else:
                answers.append(self._changeset(reader, part, service_path))
        return assembled(answers)

    def _changeset(
        self, reader: Reader, changes: Sequence[Change], service_path: str
    ) -> Reply | Sequence[tuple[str, Reply]]:
        """Every change in order, as one unit of work; the first refusal undoes all and answers for all."""
        try:
            if self.settings.one_change_a_changeset and len(changes) > 1:
                raise Refusal(400, "SLS_LORD/420", "Operation not allowed due to changeset restrictions")
            with self.store.transaction():
                writing = Writing(reader, self.now(), self.locks, one_order=True)
                return [
                    (change.content_id, writing.answer(change.ask, change.ask.path.removeprefix(service_path)))
                    for change in changes
                ]
        except Refusal as refusal:
            return refused(changes[0].ask, refusal, reader.service.name, reader.service.version, self.now())


def _described(service: Service, ask: Ask, path: str, root: str) -> Reply:
    if path == "$metadata":
        return Reply(200, edmx(service), XML)
    if ask.wants_json:
        return Reply(200, orjson.dumps({"d": {"EntitySets": [one.name for one in service.sets]}}), resource.JSON)
    return Reply(200, service_document(service, root), "application/atomsvc+xml;charset=utf-8")
