"""The token that SAP wants with every POST, and the cookies it belongs to: one pair, fetched once, swapped whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from canonical.errors import Refused
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask
from sources.kit.http.flights import Flights
from sources.s4hana.faults import TOKEN_HEADER
from sources.s4hana.services import Service

Send = Callable[[Call, Ask], Awaitable[Answer]]


class Pair(Struct, frozen=True):
    """A token and the cookies of the session it is good for; one without the other is worth nothing."""

    token: str
    cookies: str

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What to send with a POST."""
        cookies = (("Cookie", self.cookies),) if self.cookies else ()
        return (("X-CSRF-Token", self.token), *cookies)

    def __repr__(self) -> str:
        """Stars instead of what opens a door."""
        return "Pair(***)"


class Tokens:
    """Holds one pair a system.

    There is no cookie jar: parallel fetches over a shared one overwrite each other's cookies, and tokens then fail at
    random. `learn` is told every token, so that logs never show it.
    """

    def __init__(self, system: str, send: Send, learn: Callable[[str], None]) -> None:
        self._system, self._send, self._learn = system, send, learn
        self._pair: Pair | None = None
        self._flights: Flights[str, Pair] = Flights()

    async def pair(self, call: Call, service: Service, stale: Pair | None = None) -> Pair:
        """The pair in hand, or a new one when there is none or the one in hand is `stale`; one fetch in flight."""
        held = self._pair
        if held is not None and held != stale:
            return held
        return await self._flights.join("fetch", lambda: self._fetch(call, service))

    async def _fetch(self, call: Call, service: Service) -> Pair:
        # At the service root with its slash, as GET: some systems answer nothing else.
        ask = Ask(
            path=service.root,
            headers=((TOKEN_HEADER, "Fetch"),),
            operation="fetch token",
            shareable=False,
        )
        answer = await self._send(call, ask)
        token = str(answer.headers.get(TOKEN_HEADER, ""))
        if not token or token.lower() in ("fetch", "required"):
            raise Refused(self._system, f"{self._system} gave no token.", detail=f"{answer.status}")
        self._learn(token)
        self._pair = Pair(token, _cookies(answer.headers.get_list("set-cookie")))
        return self._pair


def _cookies(lines: list[str]) -> str:
    """Every cookie as given, whatever its name: names differ from system to system."""
    held: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(";")[0].partition("=")
        if name.strip():
            held[name.strip()] = value.strip()
    return "; ".join(f"{name}={value}" for name, value in held.items())
