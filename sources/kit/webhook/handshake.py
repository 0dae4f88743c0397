"""The CloudEvents handshake: a sender asks whether it may send here before it does.

"HTTP 1.1 Web Hooks for Event Delivery" 1.0, section 4 (abuse protection): OPTIONS with `WebHook-Request-Origin`,
answered with `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate`. It proves nothing and opens nothing: each delivery is
proven by itself.
A `WebHook-Request-Callback` is left alone: we call no address that a stranger names.
"""

from __future__ import annotations

import re
from typing import Final

from sources.feeds import Delivery, DeliveryRefusedError, Receipt

_ORIGIN: Final = re.compile(r"[A-Za-z0-9.\-]{1,253}(?::\d{1,5})?")
_ANY_RATE: Final = "*"


def shake_hands(delivery: Delivery) -> Receipt:
    """The permission that is asked for; DeliveryRefusedError (400) without an origin that can be one."""
    origin = delivery.headers.get("webhook-request-origin", "").strip()
    if _ORIGIN.fullmatch(origin) is None:
        raise DeliveryRefusedError(400, "A handshake names who will send, in the header WebHook-Request-Origin.")
    headers = {"allow": "POST, OPTIONS", "webhook-allowed-origin": origin, "webhook-allowed-rate": _ANY_RATE}
    return Receipt(headers=headers)
