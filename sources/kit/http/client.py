"""The HTTP client of one configured system: ask, and get an answer or a fault of our own tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from canonical.errors import Unavailable
from sources.kit.auth.authorization import Authorization
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask
from sources.kit.http.authorizing import Authorized
from sources.kit.http.breaker import Breaker, BreakerState
from sources.kit.http.clockwork import Clockwork
from sources.kit.http.guarding import Guarded, Kind
from sources.kit.http.rationing import Rationed
from sources.kit.http.recording import Recorded
from sources.kit.http.redaction import Redactor
from sources.kit.http.retrying import Retried
from sources.kit.http.sharing import Shared
from sources.kit.http.translating import Translate, Translated
from sources.kit.http.transport import open_transport
from sources.kit.http.wire import LARGEST_ANSWER, Wire
from sources.landscape import Instance

READ_SHARE: Final = 0.6
"""What part of the time left one read may take: other systems are asked by what it tells, and need time too."""


@dataclass(frozen=True, slots=True)
class BreakerHealth:
    """Where the breaker of one kind of operation stands; `retry_after` in seconds while it refuses."""

    kind: Kind
    state: BreakerState
    retry_after: float | None


class SystemClient:
    """Asks one system. One a process and instance: it holds the connections, the breakers and the places in the queue.

    `translate` is the vendor's own reading of an answer (the fault it tells, or None); `statuses.plain_fault` stands
    behind it. `transport` stands in for the network in tests. Nothing is opened before the first `send`.
    """

    def __init__(
        self,
        instance: Instance,
        authorization: Authorization,
        translate: Translate,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clockwork: Clockwork | None = None,
        ca_file: str | None = None,
        largest_answer: int = LARGEST_ANSWER,
    ) -> None:
        clockwork = clockwork or Clockwork()
        limits = instance.limits
        self._system = instance.name
        self._breakers: dict[Kind, Breaker] = {
            "read": Breaker(limits, clockwork.clock),
            "write": Breaker(limits, clockwork.clock),
        }
        self.redactor = Redactor(secret.reveal() for secret in instance.credentials.values())
        self._wire = Wire(instance, transport or open_transport(instance, ca_file), largest_answer)
        self._authorized = Authorized(authorization, self._wire, self.redactor)
        translated = Translated(self._system, translate, self.redactor, self._authorized)
        self._guarded = Guarded(self._system, self._breakers, limits, translated)
        retried = Retried(limits.attempts, clockwork, self._guarded)
        rationed = Rationed(self._system, limits, retried)
        shared = Shared(self._system, lambda: authorization.identity, rationed, shares=limits.share_reads)
        self._recorded = Recorded(self._system, clockwork, shared)

    async def send(self, call: Call, ask: Ask) -> Answer:
        """The system's answer. Raises a Fault: see canonical/errors.py; cancelling passes through.

        Without time left, or while the breaker refuses, nothing is sent and the fault is Unavailable.
        """
        if call.deadline.passed():
            raise Unavailable(self._system, f"There was no time left to ask {self._system}.")
        self._guarded.look(ask)
        if ask.safety == "read" and call.urgency == "interactive":
            call = call.until(call.deadline.share(READ_SHARE))
        return await self._recorded(call, ask)

    async def credentials(self, call: Call) -> Mapping[str, str]:
        """The headers that say who we are, for ways of asking the same system that are not HTTP. Raises a Fault."""
        return dict(await self._authorized.headers(call))

    @property
    def health(self) -> tuple[BreakerHealth, ...]:
        """Where each breaker stands now."""
        return tuple(BreakerHealth(kind, breaker.state, breaker.refusal()) for kind, breaker in self._breakers.items())

    async def close(self) -> None:
        """Give the connections back; nothing may be sent afterwards."""
        await self._wire.close()
