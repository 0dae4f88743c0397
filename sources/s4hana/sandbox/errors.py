"""Refusals and breakdowns as this system words them: JSON envelope, XML, and the pages of its dispatcher."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import uuid4
from xml.sax.saxutils import escape

import orjson

from sources.s4hana.sandbox.exchange import Ask, Reply
from sources.s4hana.sandbox.refusal import Message, Refusal

XML: Final = "application/xml;charset=utf-8"
HTML: Final = "text/html; charset=utf-8"
_METADATA: Final = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"


def refused(ask: Ask, refusal: Refusal, service: str, version: str, now: datetime) -> Reply:
    """A refusal in the format the caller asked for."""
    headers = tuple(refusal.headers.items())
    if ask.wants_json:
        body = envelope(refusal, service, version, now)
        return Reply(refusal.status, body, "application/json;charset=utf-8", headers)
    text = (
        f'<?xml version="1.0" encoding="utf-8"?><error xmlns="{_METADATA}"><code>{escape(refusal.code)}</code>'
        f'<message xml:lang="en">{escape(refusal.text)}</message></error>'
    )
    return Reply(refusal.status, text.encode(), XML, headers)


def envelope(refusal: Refusal, service: str, version: str, now: datetime) -> bytes:
    """The JSON envelope: code, message, and an inner error with the details of the application log."""
    details = refusal.details or (Message(refusal.code, refusal.text),)
    closing = Message("/IWBEP/CX_MGW_BUSI_EXCEPTION", refusal.text)
    inner = {
        "application": {
            "component_id": "",
            "service_namespace": "/SAP/",
            "service_id": service,
            "service_version": version,
        },
        "transactionid": uuid4().hex.upper(),
        "timestamp": f"{now:%Y%m%d%H%M%S.%f}0",
        "Error_Resolution": {"SAP_Transaction": "Run transaction /IWFND/ERROR_LOG on the hub system", "SAP_Note": ""},
        "errordetails": [_detail(one) for one in (*details, closing)] if refusal.status == 400 else [],
    }
    message = {"lang": "en", "value": refusal.text}
    return orjson.dumps({"error": {"code": refusal.code, "message": message, "innererror": inner}})


def breakdown(status: int, now: datetime) -> tuple[str, bytes]:
    """Content type and body of a failure that no application worded: a dump is JSON, all else the dispatcher's page."""
    if status == 500:
        refusal = Refusal(status, "/IWBEP/CM_MGW_RT/001", "An exception was raised")
        return "application/json;charset=utf-8", envelope(refusal, "", "0001", now)
    return HTML, page(status)


def page(status: int) -> bytes:
    """The dispatcher's HTML page of a status."""
    title = _TITLES.get(status, "Error")
    return (
        f"<html><head><title>{title}</title></head><body><h1>{status} {title}</h1>"
        f"<p>The request could not be served.</p><p>Server time: pretend system</p></body></html>"
    ).encode()


def _detail(message: Message) -> dict[str, str]:
    return {
        "code": message.code,
        "message": message.text,
        "propertyref": "",
        "severity": message.severity,
        "target": message.target,
    }


_TITLES: Final = {
    401: "Logon failed",
    404: "Not found",
    414: "Request-URI too long",
    429: "Too many requests",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
}
