"""Outbound messages: records sent as SOAP to an address, again and again until somebody acknowledges them.

As published (SOAP API developer guide, "Outbound Messaging"): up to 100 notifications in a message, the fields as they
stand when it is sent, a growing pause between two tries, and an end after a day.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from xml.sax.saxutils import escape

import httpx

from sources.salesforce.sandbox.capture import Touched
from sources.salesforce.sandbox.ids import new_id
from sources.salesforce.sandbox.org import ORG_ID, Org
from sources.salesforce.sandbox.store import Row

MOST_NOTIFICATIONS: Final = 100
MOST_WAITING: Final = 10_000
LONGEST_PAUSE: Final = 7_200.0
GIVEN_UP_AFTER: Final = timedelta(hours=24)
_ACK: Final = b"<Ack>true</Ack>"
_TICK: Final = 0.2
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
    '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
)
_TAIL: Final = "</notifications></soapenv:Body></soapenv:Envelope>"


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """What an administrator set up: each save of an object's record sends these fields to an address."""

    sobject: str
    fields: tuple[str, ...]
    url: str


@dataclass(slots=True)
class _Waiting:
    message: OutboundMessage
    record: str
    since: datetime
    tries: int = 0


@dataclass
class Outbox:
    """The messages of one org; `pause` is the first between two tries, `sleep` stands in for the clock in tests."""

    org: Org
    pause: float = 1.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    messages: list[OutboundMessage] = field(default_factory=list)
    acknowledged: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_NOTIFICATIONS))
    """Ids of notifications, as they were acknowledged; the last ones."""

    def __post_init__(self) -> None:
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        self._sent = 0
        self.org.capture.listeners.append(self._note)

    @property
    def waiting(self) -> int:
        """How many notifications nobody has acknowledged yet."""
        return len(self._waiting)

    async def run(self) -> None:
        """Send what waits, until cancelled."""
        async with httpx.AsyncClient(timeout=10.0, trust_env=False) as client:
            while True:
                batches = self._batches()
                answered = [await self._send(client, ids) for ids in batches]
                if not batches:
                    await self.sleep(_TICK)
                elif not all(answered):
                    tries = max(waiting.tries for waiting in self._waiting.values())
                    await self.sleep(min(LONGEST_PAUSE, self.pause * 2 ** min(tries, 20)))

    def _note(self, changes: Sequence[Touched]) -> None:
        now = self.org.store.clock()
        for change in changes:
            for message in self.messages:
                if message.sobject == change.one.name and change.kind in {"CREATE", "UPDATE"}:
                    self._sent += 1
                    self._waiting[new_id("04l", self._sent)] = _Waiting(message, change.identity, now)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)

    def _batches(self) -> list[list[str]]:
        """The ids of what waits, a message's together."""
        oldest = self.org.store.clock() - GIVEN_UP_AFTER
        for name in [name for name, one in self._waiting.items() if one.since < oldest]:
            del self._waiting[name]
        batches = []
        for message in self.messages:
            ids = [name for name, one in self._waiting.items() if one.message == message]
            batches += [ids[start : start + MOST_NOTIFICATIONS] for start in range(0, len(ids), MOST_NOTIFICATIONS)]
        return batches

    async def _send(self, client: httpx.AsyncClient, ids: Sequence[str]) -> bool:
        """Whether a batch was acknowledged."""
        message = self._waiting[ids[0]].message
        headers = {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}
        try:
            answer = await client.post(message.url, content=self._envelope(ids), headers=headers)
            well = answer.status_code == httpx.codes.OK and _ACK in answer.content
        except httpx.HTTPError:
            well = False
        for name in ids:
            if well:
                del self._waiting[name]
                self.acknowledged.append(name)
            else:
                self._waiting[name].tries += 1
        return well

    def _envelope(self, ids: Sequence[str]) -> bytes:
        parts = [_HEAD, f"<OrganizationId>{ORG_ID}</OrganizationId><ActionId>{new_id('04k', 1)}</ActionId>"]
        parts.append('<SessionId xsi:nil="true"/><EnterpriseUrl>https://sandbox.invalid</EnterpriseUrl>')
        parts.append("<PartnerUrl>https://sandbox.invalid</PartnerUrl>")
        parts += [self._notification(name, self._waiting[name]) for name in ids]
        return "".join((*parts, _TAIL)).encode()

    def _notification(self, name: str, one: _Waiting) -> str:
        row: Row = self.org.store.row(self.org.model.objects[one.message.sobject], one.record) or {}
        chosen = ("Id", *(each for each in one.message.fields if each != "Id"))
        told = "".join(
            f"<sf:{each}>{escape(str(row[each]))}</sf:{each}>" for each in chosen if row.get(each) is not None
        )
        return (
            f'<Notification><Id>{name}</Id><sObject xsi:type="sf:{one.message.sobject}" '
            f'xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{told}</sObject></Notification>'
        )
