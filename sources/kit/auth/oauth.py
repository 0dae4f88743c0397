"""OAuth 2.0 tokens: client credentials (RFC 6749 4.4) and JWT bearer (RFC 7523), fetched once for all who wait."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import quote_plus, urlencode

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from canonical.errors import Fault, ProblemCategory, Refused, Unavailable
from sources.kit.auth.authorization import Authorization, Send
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask
from sources.kit.http.decoding import JsonDecoder
from sources.kit.http.flights import Flights
from sources.kit.http.statuses import plain_fault
from sources.landscape import Secret

MARGIN: Final = 60.0
ASSERTION_SECONDS: Final = 180
_JWT_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class _Given(Struct):
    access_token: str
    expires_in: float | str | None = None
    instance_url: str | None = None


class _Denied(Struct):
    error: str = ""
    error_description: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    headers: Mapping[str, str]
    good_until: float | None


class OAuth(Authorization):
    """A token that is fetched when first needed, kept until it runs out or is refused, and fetched once at a time.

    Without `expires_in` in the answer it is kept until a call is refused with 401. `grant` builds the request for one;
    it is called for each fetch, as assertions are short-lived.
    """

    def __init__(
        self, system: str, identity: str, grant: Callable[[], Ask], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._system = system
        self._identity = identity
        self._grant = grant
        self._clock = clock
        self._token: _Token | None = None
        self._fetching: Flights[str, _Token] = Flights()
        self._decoder = JsonDecoder(_Given)

    @property
    def identity(self) -> str:
        """Whose rights these are."""
        return self._identity

    async def headers(self, call: Call, send: Send) -> Mapping[str, str]:
        """A bearer token's header. Refused when the system gives us none, with its own words as detail."""
        token = self._token
        if token is None or (token.good_until is not None and self._clock() >= token.good_until):
            try:
                async with asyncio.timeout(call.deadline.left()):
                    token = await self._fetching.join(self._identity, lambda: self._fetch(call, send))
            except TimeoutError as late:
                raise Unavailable(self._system, f"{self._system} did not let us in in time.") from late
        return token.headers

    async def renew(self, stale: Mapping[str, str]) -> bool:
        """Forget the token, if it is still the one that was refused."""
        if self._token is not None and self._token.headers == stale:
            self._token = None
        return True

    async def _fetch(self, call: Call, send: Send) -> _Token:
        answer = await send(call, self._grant())
        fault = _token_fault(self._system, answer)
        if fault is not None:
            raise fault
        given = self._decoder.decode(self._system, answer)
        good_until = None if given.expires_in is None else self._clock() + _kept_for(float(given.expires_in))
        self._token = _Token({"Authorization": f"Bearer {given.access_token}"}, good_until)
        return self._token


def client_credentials(
    system: str,
    token_url: str,
    client_id: str,
    client_secret: Secret,
    *,
    scope: str | None = None,
    send_as: Literal["basic", "body"] = "basic",
    clock: Callable[[], float] = time.monotonic,
) -> OAuth:
    """The application's own rights; its id and secret go in a Basic header or in the body, as the system wants them."""

    def grant() -> Ask:
        form = {"grant_type": "client_credentials"}
        if scope:
            form["scope"] = scope
        if send_as == "body":
            return _token_ask(token_url, {**form, "client_id": client_id, "client_secret": client_secret.reveal()})
        # RFC 6749 2.3.1: both are form-encoded before they are put together.
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret.reveal())}".encode()
        return _token_ask(token_url, form, ("Authorization", f"Basic {b64encode(pair).decode()}"))

    return OAuth(system, f"client {client_id} at {token_url}", grant, clock)


def jwt_bearer(
    system: str,
    token_url: str,
    *,
    issuer: str,
    subject: str,
    audience: str,
    private_key: Secret,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> OAuth:
    """One user's rights, asserted with an RS256 key for three minutes at a time. ValueError when the key is not PEM."""
    try:
        load_pem_private_key(private_key.reveal().encode(), None)
    except (ValueError, TypeError) as wrong:
        sentence = f"The private key of {system} is not an unencrypted PEM private key."
        raise ValueError(sentence) from wrong

    def grant() -> Ask:
        claims = {"iss": issuer, "sub": subject, "aud": audience, "exp": int(now()) + ASSERTION_SECONDS}
        assertion = jwt.encode(claims, private_key.reveal(), algorithm="RS256")
        return _token_ask(token_url, {"grant_type": _JWT_GRANT, "assertion": assertion})

    return OAuth(system, f"user {subject} by {issuer} at {token_url}", grant, clock)


def _token_ask(token_url: str, form: Mapping[str, str], *headers: tuple[str, str]) -> Ask:
    return Ask(
        method="POST",
        path=token_url,
        headers=(("Content-Type", "application/x-www-form-urlencoded"), *headers),
        content=urlencode(form).encode(),
        operation="sign in",
    )


def _token_fault(system: str, answer: Answer) -> Fault | None:
    if answer.status not in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return plain_fault(system, answer) or _missing(system, answer)
    try:
        denied = JsonDecoder(_Denied).decode(system, answer)
        detail = f"{denied.error}: {denied.error_description}"
    except Fault:
        detail = f"{answer.status} from the token endpoint"
    sentence = f"{system} does not let us in: its credentials or permissions need a look."
    return Refused(system, sentence, detail=detail, category=ProblemCategory.PERMISSION)


def _missing(system: str, answer: Answer) -> Fault | None:
    if answer.status == HTTPStatus.OK:
        return None
    detail = f"{answer.status} from the token endpoint"
    return Refused(system, f"{system} has no token endpoint where we looked.", detail=detail)


def _kept_for(seconds: float) -> float:
    # A token that lives shorter than the margin is still worth half of its life.
    return max(seconds - MARGIN, seconds / 2)
