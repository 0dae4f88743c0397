"""Deliveries as a system would send them, signed here by other lines than those under test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from sources.feeds import Delivery
from sources.landscape import Instance, Secret

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
SECRET = "a-secret-of-tests-1"
NEXT = "a-secret-of-tests-2"
TOKEN = "a-token-of-tests-1"
STRUCTURED = "application/cloudevents+json"
EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/acme/erp",
    "type": "acme.order.changed",
    "time": "2026-11-26T11:59:30+01:00",
    "data": {"order": "4711", "shipment": 12},
}
BODY = json.dumps(EVENT).encode()


def instance(**credentials: str) -> Instance:
    held = credentials or {"webhook_secret": SECRET}
    secrets = {name: Secret(value) for name, value in held.items()}
    return Instance(name="acme", kind="acme", role="erp", base_url="http://acme.example", credentials=secrets)


def signature(secret: str, timestamp: int, body: bytes, attributes: str = "") -> str:
    signed = f"{timestamp}.{attributes}".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signed(
    body: bytes = BODY,
    media: str = STRUCTURED,
    secret: str = SECRET,
    *,
    at: datetime = NOW,
    binary: Mapping[str, str] | None = None,
) -> Delivery:
    timestamp = int(at.timestamp())
    lines = "".join(f"{name}:{value}\n" for name, value in sorted((binary or {}).items()))
    headers = {
        "content-type": media,
        "revgraph-timestamp": str(timestamp),
        "revgraph-signature": signature(secret, timestamp, body, lines and f"{lines}\n"),
        **(binary or {}),
    }
    return delivery(headers, body)


def delivery(headers: Mapping[str, str], body: bytes = BODY, method: str = "POST") -> Delivery:
    return Delivery(method=method, headers=headers, query={}, body=body, received_at=NOW)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
