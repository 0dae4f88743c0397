"""Who asks the Python peers: the same token, checked the same way; a verified one is trusted for half a minute."""

from __future__ import annotations

import time

import jwt

TRUST = 30.0


class Callers:
    """Checks tokens signed with one secret."""

    def __init__(self, secret: str) -> None:
        """Keep the secret."""
        self._secret = secret
        self._until: dict[str, float] = {}

    def check(self, authorization: str | None) -> None:
        """Pass when the token holds and opens orders; PermissionError otherwise."""
        if self._until.get(authorization or "", 0.0) > time.time():
            return
        scheme, _, token = (authorization or "").partition(" ")
        try:
            claims = jwt.decode(
                token if scheme == "Bearer" else "",
                self._secret,
                algorithms=["HS256"],
                audience="revgraph",
                issuer="revgraph-demo",
                leeway=5,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise PermissionError(str(error)) from error
        if claims.get("tenant") != "bench" or "orders:read" not in str(claims.get("scope", "")).split():
            raise PermissionError("not for you")
        self._until[authorization or ""] = min(time.time() + TRUST, float(claims["exp"]))
