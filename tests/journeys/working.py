"""A gateway with a store and a worker process of its own, and what people ask of it when they hand something in."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from gateway.app import create_app
from gateway.outliving import works
from gateway.settings import Settings
from gateway.tokens import Signer
from gateway.wiring import House, open_house
from resolvers.access import SCOPES
from sandbox.serve import Company
from tests.house.tree import ROOT
from tests.journeys.asking import SECRET, Asker

SUBMISSION = """
  id state operation externalReference problems { code category message field outcome blocking owner system }
  steps { name state message system legalEntity }
  orders { id crmId number status version purchaseOrderNumber quote { crmId } holds { kind reason }
    bookings { erp orderNumber legalEntity { code } } lines { id sku quantity } }
  exceptions { id category title explanation suggestedAction status severity owner dueAt outcome
    correctable { field } history { actor action detail before after } }
"""
SUBMIT = f"""
mutation($input: SubmitOrderInput!, $key: String!) {{
  submitOrder(input: $input, idempotencyKey: $key) {{
    replayed problems {{ code category message field blocking outcome }} submission {{ {SUBMISSION} }}
  }}
}}
"""
AMEND = f"""
mutation($order: OrderBy!, $input: AmendOrderInput!, $version: String, $key: String!) {{
  amendOrder(order: $order, input: $input, expectedVersion: $version, idempotencyKey: $key) {{
    replayed problems {{ code field }} submission {{ {SUBMISSION} }}
  }}
}}
"""
CANCEL = f"""
mutation($order: OrderBy!, $reason: String! = "ordered twice", $key: String!) {{
  cancelOrder(order: $order, reason: $reason, idempotencyKey: $key) {{
    replayed problems {{ code field }} submission {{ {SUBMISSION} }}
  }}
}}
"""
RETRY = """
mutation($id: ID!, $corrections: [CorrectionInput!], $note: String) {
  retryException(id: $id, corrections: $corrections, note: $note) {
    problems { code } integrationException { id status }
  }
}
"""
RESOLVE = """
mutation($id: ID!, $how: ExceptionResolution!, $note: String!) {
  resolveException(id: $id, resolution: $how, note: $note) { problems { code } integrationException { id status } }
}
"""
PATIENCE = 120.0
_keys = count(1)


def new_key() -> str:
    return f"key-of-the-journey-{next(_keys):04}"


@asynccontextmanager
async def worked(
    company: Company, url: str, logs: Path, landscape: Path | None = None
) -> AsyncIterator[tuple[House, Asker]]:
    """The gateway and a real worker, as `revgraph worker` starts it and ended by its id; and a client of theirs."""
    chosen = {"jwt_secret": SECRET, "landscape": landscape or company.landscape, "database_url": url}
    settings = Settings.model_validate({**chosen, "deadline_seconds": 20})
    async with open_house(settings, os.environ) as house, a_worker(settings, url, logs / "worker.log"):
        app = create_app(settings, lambda: open_house(settings, os.environ))
        app.state.house = house
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=60) as client:
            yield house, Asker(client, Signer(SECRET, house.landscape.tenant), frozenset(SCOPES))


@asynccontextmanager
async def a_worker(settings: Settings, url: str, log: Path) -> AsyncIterator[None]:
    """A worker, and another one whenever it ends itself: on a busy machine its heartbeat may come too late."""
    ending = asyncio.Event()

    async def kept() -> None:
        while not ending.is_set():
            running = await _begun(settings, url, log)
            ended, told = asyncio.create_task(running.wait()), asyncio.create_task(ending.wait())
            await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
            told.cancel()
            if running.returncode is None:
                running.terminate()
            await ended

    keeping = asyncio.create_task(kept())
    try:
        while not await asyncio.to_thread(works, url):
            assert not keeping.done(), f"see {log}"
            await asyncio.sleep(0.05)
        yield
    finally:
        ending.set()
        await keeping


async def _begun(settings: Settings, url: str, log: Path) -> asyncio.subprocess.Process:
    named = {"REVGRAPH_REDIS_URL": settings.redis_url.get_secret_value()} if settings.redis_url else {}
    with log.open("ab") as out:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway.cli", "worker", "--landscape", str(settings.landscape),
            cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
            env={**os.environ, "REVGRAPH_DATABASE_URL": url, **named},
        )  # fmt: skip


async def looked_at(ask: Asker, id: str) -> Any:
    """The submission as it stands."""
    told = await ask(f"query($id: ID!) {{ submission(by: {{id: $id}}) {{ {SUBMISSION} }} }}", id=id)
    return told.data["submission"]


async def settled(ask: Asker, payload: Any) -> Any:
    """The submission once nothing goes on with it."""
    assert payload["submission"], payload["problems"]
    found = payload["submission"]
    return await again(ask, found) if found["state"] == "IN_PROGRESS" else found


async def again(ask: Asker, submission: Any, *not_yet: str) -> Any:
    """The submission once it is settled anew, after something was done about it."""
    return await when(ask, submission, lambda found: found["state"] not in ("IN_PROGRESS", *not_yet))


async def when(ask: Asker, submission: Any, is_so: Callable[[Any], object]) -> Any:
    """The submission once this is so."""
    clock = asyncio.get_running_loop().time
    until = clock() + PATIENCE
    found = await looked_at(ask, submission["id"])
    while not is_so(found):
        assert clock() < until, found
        await asyncio.sleep(0.05)
        found = await looked_at(ask, submission["id"])
    return found


async def submitted(ask: Asker, wanted: dict[str, Any], key: str | None = None) -> Any:
    """The order handed in, as it stands once it is settled."""
    return await settled(ask, (await ask(SUBMIT, input=wanted, key=key or new_key())).data["submitOrder"])


def step(submission: Any, name: str) -> Any:
    """The first step of this name; none where it has not come to that."""
    return next((one for one in submission["steps"] if one["name"] == name), {"state": None})


def rows(company: Company, system: str, asked: str, *given: object) -> Sequence[tuple[Any, ...]]:
    """What is in a pretend system's own file, past the gateway and past the system."""
    with closing(sqlite3.connect(f"file:{_file(company, system)}?mode=ro", uri=True)) as file:
        return file.execute(asked, given).fetchall()


def change(company: Company, system: str, stated: str, *given: object) -> None:
    """Something that people of a pretend system do in it."""
    with closing(sqlite3.connect(_file(company, system), timeout=10)) as file, file:
        file.execute(stated, given)


def _file(company: Company, system: str) -> Path:
    held = company.landscape.parent.glob(f"{system}*")
    [found] = [path for path in held if path.suffix in (".sqlite", ".sqlite3")]
    return found
