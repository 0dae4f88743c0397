"""Outbound messages: records sent as SOAP to an address, again and again until somebody acknowledges them.

As published (SOAP API developer guide, "Outbound Messaging"): up to 100 notifications in a message, the fields as they
stand when it is sent, a growing pause between two tries, and an end after a day. Each waits for itself alone.

Faults of events hit a notification when its record is saved, as "EVENT Order 801...": lose_events sends it never,
duplicate_events once more when it was acknowledged, shuffle_events behind those that come after it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from xml.sax.saxutils import escape

import httpx

from sources.kit.sandbox.contract import Posting
from sources.kit.sandbox.faults import Faults
from sources.salesforce.sandbox.capture import TRACKED, Touched
from sources.salesforce.sandbox.ids import new_id
from sources.salesforce.sandbox.org import ORG_ID, Org
from sources.salesforce.sandbox.store import Row

MOST_NOTIFICATIONS: Final = 100
MOST_WAITING: Final = 10_000
LONGEST_PAUSE: Final = 7_200.0
GIVEN_UP_AFTER: Final = timedelta(hours=24)
_ACK: Final = b"<Ack>true</Ack>"
_TICK: Final = 0.2
_HELD_BACK: Final = 0.5
"""Seconds that a notification waits for another to overtake it."""
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
    due: float
    tries: int = 0
    copies: int = 1


@dataclass
class Outbox:
    """The messages of one org; `pause` is the first between two tries, `sleep` stands in for the clock in tests."""

    org: Org
    faults: Faults
    pause: float = 1.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    messages: list[OutboundMessage] = field(default_factory=list)
    acknowledged: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_NOTIFICATIONS))
    """Ids of notifications, as they were acknowledged; the last ones."""
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        self._address: str | None = None
        self._to_address: list[OutboundMessage] = []
        self.org.capture.listeners.append(self._note)

    @property
    def waiting(self) -> int:
        """How many notifications nobody has acknowledged yet."""
        return len(self._waiting)

    @property
    def posting(self) -> Posting:
        """The address that was told last, and how many notifications were acknowledged and lost."""
        return Posting(self._address, self.counts["sent"], self.counts["lost"])

    def send_to(self, url: str | None, secret: str) -> None:
        """One outbound message for each object that is tracked, with the secret in its address; None: none of them.

        What waited for the address before is forgotten.
        """
        for name in [name for name, one in self._waiting.items() if one.message in self._to_address]:
            del self._waiting[name]
        self.messages = [one for one in self.messages if one not in self._to_address]
        self._address, self._to_address = url, list(_usual(url, secret)) if url else []
        self.messages += self._to_address

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        async with httpx.AsyncClient(timeout=10.0, trust_env=False) as client:
            while True:
                for ids in self._batches():
                    await self._send(client, ids)
                await self.sleep(_TICK)

    def _note(self, changes: Sequence[Touched]) -> None:
        for change in changes:
            for message in self.messages:
                if message.sobject == change.one.name and change.kind in {"CREATE", "UPDATE"}:
                    self._take(message, change.identity)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
            self.counts["lost"] += 1

    def _take(self, message: OutboundMessage, record: str) -> None:
        kinds = {fault.kind for fault in self.faults.take_events(f"EVENT {message.sobject} {record}")}
        if "lose_events" in kinds:
            self.counts["lost"] += 1
            return
        due = time.monotonic() + (_HELD_BACK if "shuffle_events" in kinds else 0)
        copies = 2 if "duplicate_events" in kinds else 1
        since = self.org.store.clock()
        # Of the org's file, for whoever knows an id takes it for a repetition, after a restart of ours too.
        number = self.org.store.reserve("OutboundNotification", 1)
        self._waiting[new_id("04l", number)] = _Waiting(message, record, since, due, copies=copies)

    def _batches(self) -> list[list[str]]:
        """The ids of what is due, a message's together."""
        now, oldest = time.monotonic(), self.org.store.clock() - GIVEN_UP_AFTER
        for name in [name for name, one in self._waiting.items() if one.since < oldest]:
            del self._waiting[name]
            self.counts["lost"] += 1
        batches = []
        for message in self.messages:
            ids = [name for name, one in self._waiting.items() if one.message == message and one.due <= now]
            batches += [ids[start : start + MOST_NOTIFICATIONS] for start in range(0, len(ids), MOST_NOTIFICATIONS)]
        return batches

    async def _send(self, client: httpx.AsyncClient, ids: Sequence[str]) -> None:
        """Send a batch, and note what became of it."""
        sent = {name: one for name in ids if (one := self._waiting.get(name))}
        if not sent:
            return
        well = await _is_taken(client, next(iter(sent.values())).message.url, self._envelope(sent))
        for name, one in sent.items():
            if well:
                self._settle(name, one)
            else:
                one.due = time.monotonic() + min(LONGEST_PAUSE, self.pause * 2 ** min(one.tries, 20))
                one.tries += 1

    def _settle(self, name: str, one: _Waiting) -> None:
        self.counts["sent"] += 1
        self.acknowledged.append(name)
        one.copies -= 1
        if not one.copies:
            self._waiting.pop(name, None)  # another address may have been told meanwhile

    def _envelope(self, sent: Mapping[str, _Waiting]) -> bytes:
        parts = [_HEAD, f"<OrganizationId>{ORG_ID}</OrganizationId><ActionId>{new_id('04k', 1)}</ActionId>"]
        parts.append('<SessionId xsi:nil="true"/><EnterpriseUrl>https://sandbox.invalid</EnterpriseUrl>')
        parts.append("<PartnerUrl>https://sandbox.invalid</PartnerUrl>")
        parts += [self._notification(name, one) for name, one in sent.items()]
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


def _usual(url: str, secret: str) -> Iterator[OutboundMessage]:
    """What an administrator sets up for us: of each object the id and when it was saved, of a line its order, too."""
    address = str(httpx.URL(url).copy_set_param("secret", secret))
    for name in TRACKED:
        yield OutboundMessage(name, (*(("OrderId",) if name == "OrderItem" else ()), "SystemModstamp"), address)


async def _is_taken(client: httpx.AsyncClient, url: str, envelope: bytes) -> bool:
    """Whether a message was acknowledged; any other answer, and none, is no acknowledgement."""
    headers = {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}
    try:
        answer = await client.post(url, content=envelope, headers=headers)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK and _ACK in answer.content
