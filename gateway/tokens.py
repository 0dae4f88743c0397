"""Signs tokens for demos and tests, as an identity provider would."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from time import time

import jwt

HOURS_12 = 43_200.0


@dataclass(frozen=True, slots=True)
class Signer:
    """An HS256 issuer; the gateway that trusts it has the same secret, issuer and audience."""

    secret: str
    tenant: str
    issuer: str = "revgraph-demo"
    audience: str = "revgraph"

    def sign(
        self,
        scopes: Collection[str],
        *,
        subject: str = "demo",
        client: str = "demo",
        seconds: float = HOURS_12,
        legal_entities: Collection[str] | None = None,
        accounts: Collection[str] | None = None,
        now: float | None = None,
    ) -> str:
        """A token for these rights that holds from now on for that many seconds; None narrows nothing."""
        at = int(time() if now is None else now)
        claims: dict[str, object] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "client_id": client,
            "tenant": self.tenant,
            "scope": " ".join(sorted(scopes)),
            "iat": at,
            "nbf": at,
            "exp": at + int(seconds),
        }
        if legal_entities is not None:
            claims["legal_entities"] = sorted(legal_entities)
        if accounts is not None:
            claims["accounts"] = sorted(accounts)
        return jwt.encode(claims, self.secret, algorithm="HS256")
