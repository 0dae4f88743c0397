"""Security sessions: a CSRF token is worth something only together with the cookies it came with."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Final

from sources.s4hana.sandbox.exchange import Ask, Reply
from sources.s4hana.sandbox.settings import SystemSettings

MOST_SESSIONS: Final = 1000
REFUSED: Final = Reply(403, b"CSRF token validation failed", "text/plain;charset=utf-8").having(
    ("x-csrf-token", "Required")
)


class Sessions:
    """Tokens by session cookie; the oldest give way when there are too many."""

    def __init__(self, settings: SystemSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._cookie = f"SAP_SESSIONID_S4H_{settings.client or '100'}"
        self._tokens: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def forget(self) -> None:
        """All sessions have ended."""
        self._tokens.clear()

    def admits(self, ask: Ask) -> bool:
        """Whether a changing request carries the token of the session in its cookie."""
        token = self._alive(self._named(ask))
        return token is not None and secrets.compare_digest(token.encode(), ask.header("x-csrf-token").encode())

    def fetch(self, ask: Ask) -> tuple[tuple[str, str], ...]:
        """The headers that answer "Fetch": the session's token, and cookies where the caller had no live session."""
        session = self._named(ask)
        if (token := self._alive(session)) is not None:
            return (("x-csrf-token", token),)
        session, token = secrets.token_urlsafe(24), secrets.token_urlsafe(18)
        while len(self._tokens) >= MOST_SESSIONS:
            self._tokens.popitem(last=False)
        self._tokens[session] = (token, self._clock() + self._settings.session_seconds)
        return (
            ("x-csrf-token", token),
            ("set-cookie", f"{self._cookie}={session}; path=/; HttpOnly"),
            ("set-cookie", f"sap-usercontext=sap-client={self._settings.client or '100'}; path=/"),
        )

    def _alive(self, session: str) -> str | None:
        token, ends = self._tokens.get(session, (None, 0.0))
        return token if ends > self._clock() else None

    def _named(self, ask: Ask) -> str:
        try:
            cookies = SimpleCookie(ask.header("cookie"))
        except CookieError:
            return ""
        return cookies[self._cookie].value if self._cookie in cookies else ""


def fetching(ask: Ask) -> bool:
    """Whether the request asks for a token; only reading requests can."""
    return ask.reads and ask.header("x-csrf-token").lower() == "fetch"
