"""The demo: the pretend company's systems and a gateway in front of them, under one supervisor."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.children import Children
from gateway.page import QUERY, curl

HOST = "127.0.0.1"
START_WITHIN = 60.0
INSTALL_WITHIN = 900.0
"""Seconds; a real ERP is installed at its first start."""

Say = Callable[[str], None]

ORDER = """query ($by: OrderBy!) { order(by: $by) { id number references { system recordType key }
bookings { erp orderNumber } } }"""


@dataclass(frozen=True, slots=True)
class Demo:
    """What a running demo offers; `orders` are the five of the ready file."""

    graphql: str
    token: str
    control: str | None
    orders: Sequence[Mapping[str, Any]]

    def ready(self) -> dict[str, Any]:
        """The content of the ready file."""
        return {
            "graphql": self.graphql,
            "token": self.token,
            "control": self.control,
            "console": None,
            "orders": list(self.orders),
        }


def run(children: Children, state: Path, port: int | None, erp: str | None, say: Say) -> Demo:
    """Start everything and come back when it answers; the children are the caller's to watch."""
    say("Starting the pretend company's systems ...")
    sandbox = start_sandbox(children, state, erp)
    say("Starting the gateway ...")
    landscape = Path(sandbox.get("landscape") or state / "revgraph.toml")
    secret = secrets.token_urlsafe(48)
    chosen = port or free_port()
    environment = {**sandbox.get("environment", {}), "REVGRAPH_JWT_SECRET": secret}
    command = [sys.executable, "-m", "gateway.cli", "serve", "--host", HOST, "--port", str(chosen)]
    children.start("gateway", [*command, "--landscape", str(landscape)], state / "gateway.log", environment)
    children.wait_until("The gateway's start", lambda: answers(chosen), START_WITHIN)
    token = _token(secret, landscape)
    say("Asking it for the orders to look at first ...")
    orders = [_order(chosen, token, highlight) for highlight in sandbox.get("highlights", [])]
    return Demo(f"http://{HOST}:{chosen}/graphql", token, sandbox.get("control"), orders)


def start_sandbox(children: Children, state: Path, erp: str | None, told: Path | None = None) -> dict[str, Any]:
    """Start the pretend systems and give what they tell once they answer, which also stands in the file `told`."""
    state.mkdir(parents=True, exist_ok=True)
    ready = told or state / "sandbox.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "sandbox.serve", "--state", str(state), "--ready", str(ready)]
    children.start("sandbox", [*command, *(["--erp", erp] if erp else [])], state / "sandbox.log")
    children.wait_until("The start of the systems", ready.exists, INSTALL_WITHIN if erp else START_WITHIN)
    found: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
    return found


def write_ready(path: Path, demo: Demo) -> None:
    """Write the ready file whole: whoever sees it sees all of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(demo.ready(), indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)


def invitation(demo: Demo) -> str:
    """What a person sees when the demo is up."""
    first = next((order["id"] for order in demo.orders if order.get("id")), "ORDER_ID")
    query = QUERY.replace("($id: ID!)", "").replace("$id", json.dumps(first))
    return f"""
The graph answers at  {demo.graphql}
Faults and story at   {demo.control or "(no control address)"}
Your token (12 hours, every right):

{demo.token}

What happened to one order, ready to paste:

{curl(demo.graphql, demo.token, query)}

Ctrl-C ends it all."""


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as held:
        held.bind((HOST, 0))
        return int(held.getsockname()[1])


def answers(port: int) -> bool:
    """Whether the gateway says it is ready."""
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200  # noqa: PLR2004
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _token(secret: str, landscape: Path) -> str:
    from gateway.tokens import Signer  # noqa: PLC0415 - cryptography loads while the gateway starts
    from resolvers.access import SCOPES  # noqa: PLC0415

    tenant = tomllib.loads(landscape.read_text(encoding="utf-8"))["tenant"]
    return Signer(secret, tenant).sign(SCOPES)


def _order(port: int, token: str, highlight: Mapping[str, Any]) -> dict[str, Any]:
    """One order of the ready file, its id asked of the gateway; null where the gateway knows no such thing."""
    by = _by(highlight)
    found = (_ask(port, token, ORDER, {"by": by}) if by else {}).get("order") or {}
    booking: Mapping[str, Any] = next(iter(found.get("bookings") or []), {})
    return {
        "id": found.get("id"),
        "number": found.get("number"),
        "salesforce": highlight.get("salesforce"),
        "erp": booking.get("erp") or highlight.get("erp"),
        "erpNumber": booking.get("orderNumber") or highlight.get("erpNumber"),
    }


def _by(highlight: Mapping[str, Any]) -> dict[str, Any] | None:
    if highlight.get("salesforce"):
        return {"crmId": highlight["salesforce"]}
    if highlight.get("erp") and highlight.get("erpNumber"):
        return {"reference": {"system": highlight["erp"], "key": highlight["erpNumber"]}}
    return None


def _ask(port: int, token: str, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        body = json.dumps({"query": query, "variables": variables})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/graphql", body, headers)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer.get("data") or {}
