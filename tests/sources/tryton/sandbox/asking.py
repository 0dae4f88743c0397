"""A question to the real ERP, put together by hand: these tests must not depend on the adapter."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any
from urllib.parse import urlencode

from sources.tryton.sandbox.serve import Reached


def told(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def ask(reached: Reached, model: str, fields: tuple[str, ...], domain: object = (), key: str | None = None) -> Any:
    query = urlencode([*(("f", field) for field in fields), ("d", told(domain)), ("o", told([["id", "ASC"]]))])
    request = urllib.request.Request(f"{reached.base_url}/{reached.database}/rest/model/{model}?{query}")
    request.add_header("Authorization", f"Bearer {key or reached.application_key}")
    request.add_header("X-Tryton-Context", told({"company": reached.company}))
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read())
