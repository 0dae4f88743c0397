"""What proves that a delivery comes from the system: a signature, or a token that only both sides know.

Credentials of the instance: `webhook_secret` signs; `webhook_token` is sent along as it is (`Authorization: Bearer
<token>`, or Basic with it as the password of any user), for senders that cannot sign. Of each there may be a `_next`:
both are good until the older is taken away.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from sources.feeds import Delivery, DeliveryRefusedError
from sources.kit.webhook.signing import is_signed, verify
from sources.landscape import SHORTEST_SECRET, Instance

SECRETS: Final = ("webhook_secret", "webhook_secret_next")
TOKENS: Final = ("webhook_token", "webhook_token_next")


class Proofs:
    """The secrets of one system's webhook."""

    def __init__(self, instance: Instance) -> None:
        """Read them once; ValueError for one that is too short."""
        self._system = instance.name
        self._secrets, self._tokens = _revealed(instance, SECRETS), _revealed(instance, TOKENS)

    @property
    def all(self) -> tuple[str, ...]:
        """Every one of them, to be masked wherever text is told."""
        return (*self._secrets, *self._tokens)

    def require_any(self) -> None:
        """DeliveryRefusedError (404) where there are none: then nobody may send here."""
        if not self.all:
            raise DeliveryRefusedError(404, f"No webhook is set up for {self._system}.")

    def require(self, delivery: Delivery) -> None:
        """Nothing, where the delivery is proven; DeliveryRefusedError (401) for every other."""
        if self._secrets and is_signed(delivery.headers):
            verify(self._secrets, delivery.headers, delivery.body, delivery.received_at)
        elif self._tokens and "authorization" in delivery.headers:
            self._require_token(delivery.headers["authorization"])
        else:
            raise DeliveryRefusedError(401, "The delivery carries nothing that proves who sent it.")

    def _require_token(self, header: str) -> None:
        given = _token(header).encode()
        # Every token is compared, as signatures are.
        if not any([hmac.compare_digest(token.encode(), given) for token in self._tokens]):  # noqa: C419
            raise DeliveryRefusedError(401, "The delivery's Authorization header is not the one that was agreed on.")


def _token(header: str) -> str:
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    try:
        return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2] if scheme else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _revealed(instance: Instance, names: tuple[str, ...]) -> tuple[str, ...]:
    found = {name: instance.credentials[name].reveal() for name in names if name in instance.credentials}
    for name, value in found.items():
        if len(value) < SHORTEST_SECRET:
            raise ValueError(f"the credential {name} of {instance.name} needs at least {SHORTEST_SECRET} characters")
    return tuple(found.values())
