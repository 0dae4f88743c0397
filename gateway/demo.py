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

from gateway.children import ChildEndedError, Children
from gateway.first_order import SUBMIT, first_order
from gateway.outliving import begin_anew_for, start_database, start_worker, works
from gateway.page import QUERY, curl
from gateway.playing import Control, ControlError, let_deliver
from workflows.store.embedded import Embedded

HOST = "127.0.0.1"
START_WITHIN = 120.0
INSTALL_WITHIN = 900.0
"""Seconds; a real ERP is installed at its first start."""

PLAY_SPEED = 0.5
"""Steps a second that a person can follow."""

READY = "sandbox.json"
"""The systems' file, in the state directory, that says where they answer."""

TOLD = "told.json"
"""The systems' file that says which story their files hold."""

Say = Callable[[str], None]

ORDER = "order(by: $by{0}) {{ id number }}"
"""What is asked of each order of the ready file."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What a running demo offers; `orders` are the five of the ready file, `first_order` one that may be handed in."""

    graphql: str
    token: str
    control: str | None
    orders: Sequence[Mapping[str, Any]]
    first_order: Mapping[str, Any] | None = None

    def ready(self) -> dict[str, Any]:
        """The content of the ready file."""
        return {
            "graphql": self.graphql,
            "token": self.token,
            "control": self.control,
            "console": None,
            "orders": list(self.orders),
        }


def run(children: Children, state: Path, port: int | None, erp: str | None, say: Say, *, cache: bool = False) -> Demo:
    """Start everything and come back when it answers; the children are the caller's to watch.

    `cache`: some answers are kept for a while, in a Redis that the gateway starts beside it.
    """
    state.mkdir(parents=True, exist_ok=True)
    landscape = state / "revgraph.toml"
    landscape.unlink(missing_ok=True)
    secret = secrets.token_urlsafe(48)
    chosen = port or free_port()
    patience = INSTALL_WITHIN if erp else START_WITHIN
    say("Starting the pretend company's systems and a gateway in front of them ...")
    if erp:
        say(f"A real {erp} is among them: its first start installs it, which may take some minutes.")
    url = Embedded(state).url()
    # All load at the same time; gateway and worker wait for the landscape that the systems write.
    command = [sys.executable, "-m", "gateway.cli", "serve", "--host", HOST, "--port", str(chosen)]
    command += ["--landscape", str(landscape), "--wait", str(patience), "--state", str(state)]
    environment = {"REVGRAPH_JWT_SECRET": secret, "REVGRAPH_DATABASE_URL": url}
    children.start("gateway", command, state / "gateway.log", environment)
    ready = begin_sandbox(children, state, erp, cache=cache)
    start_database(children, state)
    # The worker gets its landscape once the ledger is known to be about the same story.
    given = state / "worker.toml"
    given.unlink(missing_ok=True)
    start_worker(children, given, url, state / "worker.log", patience)
    sandbox = await_sandbox(children, ready, erp)
    begin_anew_for(state, json.loads((state / TOLD).read_text(encoding="utf-8"))["print"])
    given.symlink_to(landscape.absolute())
    children.wait_until("The gateway's start", lambda: answers(chosen), START_WITHIN)
    _let_deliver(sandbox["control"], chosen)
    written = tomllib.loads(landscape.read_text(encoding="utf-8"))
    token = _token(secret, written["tenant"])
    crm = next(instance["name"] for instance in written["instances"] if instance["role"] == "crm")
    orders = _orders(chosen, token, crm, sandbox.get("highlights", []))
    children.wait_until("The worker's start", lambda: works(url), START_WITHIN)
    ids = [order["id"] for order in orders if order["id"]]
    order = first_order(lambda query, variables: _ask(chosen, token, query, variables), ids)
    return Demo(f"http://{HOST}:{chosen}/graphql", token, sandbox["control"], orders, order)


def start_sandbox(
    children: Children, state: Path, erp: str | None, told: Path | None = None, *, cache: bool = False
) -> dict[str, Any]:
    """Start the pretend systems and give what they tell once they answer, which also stands in the file `told`."""
    return await_sandbox(children, begin_sandbox(children, state, erp, told, cache=cache), erp)


def begin_sandbox(
    children: Children, state: Path, erp: str | None, told: Path | None = None, *, cache: bool = False
) -> Path:
    """Start the pretend systems; the file that is there once they answer. The state directory has one in any case."""
    state.mkdir(parents=True, exist_ok=True)
    ready = told or state / READY
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "sandbox.serve", "--state", str(state), "--ready", str(ready)]
    command += [*(["--erp", erp] if erp else []), *(["--cache"] if cache else [])]
    children.start("sandbox", command, state / "sandbox.log")
    return ready


def await_sandbox(children: Children, ready: Path, erp: str | None) -> dict[str, Any]:
    """What the pretend systems tell once they answer."""
    children.wait_until("The start of the systems", ready.exists, INSTALL_WITHIN if erp else START_WITHIN)
    found: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
    return found


def let_play(children: Children, demo: Demo) -> None:
    """Let the pretend company go on living, in a child that tells of it where we speak."""
    command = [sys.executable, "-m", "gateway.cli", "sandbox", "play", "--control", demo.control or ""]
    children.start("play", [*command, "--speed", str(PLAY_SPEED)], None)


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
{_to_hand_in(demo)}
Ctrl-C ends it all."""


def _to_hand_in(demo: Demo) -> str:
    """A command that hands an order in; nothing where the systems would take none."""
    if demo.first_order is None:
        return ""
    variables = {"input": demo.first_order, "key": f"demo:{secrets.token_hex(8)}"}
    return f"""
An order to hand in; paste it again, and it is still one order:

{curl(demo.graphql, demo.token, SUBMIT, variables)}
"""


def _let_deliver(control: str, port: int) -> None:
    """Let the systems post what happens in them to the gateway, which only we know they have."""
    try:
        let_deliver(Control(control), f"http://{HOST}:{port}")
    except ControlError as error:
        raise ChildEndedError(str(error)) from error


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


def _token(secret: str, tenant: str) -> str:
    from gateway.tokens import Signer  # noqa: PLC0415 - cryptography loads while the gateway starts
    from resolvers.access import SCOPES  # noqa: PLC0415

    return Signer(secret, tenant).sign(SCOPES)


def _orders(port: int, token: str, crm: str, highlights: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The orders of the ready file, their ids asked of the gateway; null where it knows no such order."""
    if not highlights:
        return []
    places = range(len(highlights))
    declared = ", ".join(f"$by{place}: OrderBy!" for place in places)
    asked = " ".join(f"o{place}: {ORDER.format(place)}" for place in places)
    variables = {f"by{place}": _by(crm, highlight) for place, highlight in enumerate(highlights)}
    found = _ask(port, token, f"query ({declared}) {{ {asked} }}", variables)
    return [_told(crm, highlight, found.get(f"o{place}") or {}) for place, highlight in enumerate(highlights)]


def _by(crm: str, highlight: Mapping[str, Any]) -> dict[str, Any]:
    if highlight.get(crm):
        return {"crmId": highlight[crm]}
    return {"reference": {"system": highlight["erp"], "key": highlight["erpNumber"]}}


def _told(crm: str, highlight: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": found.get("id"),
        "number": found.get("number") or highlight.get("number"),
        crm: highlight.get(crm),
        "erp": highlight.get("erp"),
        "erpNumber": highlight.get("erpNumber"),
    }


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
