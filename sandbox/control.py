"""The control port: arm faults, see what was asked, look up orders of the story, and let it go on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel

from sandbox.control_play import PLAY_WORDS, story_goes_on
from sandbox.highlights import Highlight
from sandbox.opening import Opened
from sandbox.webhooks import webhooks
from sources.kit.sandbox.contract import Sandbox
from sources.kit.sandbox.faults import Fault
from sources.kit.sandbox.story import Deal, Story

_MOST = 1_000

WORDS = f"""\
The control port of Revgraph's pretend company. Everything is JSON; /docs has forms to try.

GET    /systems                          every system: where it answers, armed faults, requests so far
GET    /faults                           what is armed, by system
POST   /faults                           arm one: {{"system": "erp-us", "kind": "latency", "seconds": 2}}
DELETE /faults?system=                   disarm all, or those of one system
GET    /requests?system=&match=&limit=   what a system was asked, newest last; match is a regular expression
DELETE /requests?system=                 forget what was asked
GET    /webhooks                         where systems post what happens in them, and how much was sent and lost
PUT    /webhooks/{{system}}                post there from now on: {{"url": "http://...", "secret": "..."}}; where no
                                         secret is given it has one of its own, which the landscape file knows
DELETE /webhooks/{{system}}                post nothing any more
GET    /story                            how big the story is, and the special kinds of orders in it
GET    /story/orders?trait=&number=      orders of the story: keys and numbers in each system
GET    /story/highlights                 five orders to begin with
{PLAY_WORDS}
Kinds of faults: latency (seconds), status (status, body), throttle (429 with Retry-After: seconds), timeout,
reset_before and reset_after (the connection breaks before or after the system has acted), status_after (it acts, and
answers with a failure all the same), slow (it acts at a random moment of its seconds, and answers at their end), lock
(somebody else holds what is to be changed; S/4HANA), truncate, content_type (a login page with 200), expire_token,
shuffle_rows, drop_rows, duplicate_rows. Of what a system posts by itself (its `match` is searched in "EVENT type key"):
lose_events, duplicate_events, shuffle_events. The CRM's event bus knows them all, and has lines of its own for the
others: "DELIVER topic", "SUBSCRIBE topic?preset" (its sandbox's README says which). `match` narrows a fault to requests
("METHOD path?query", a regular expression), `times` to so many, `probability` to some.
"""


class FaultAt(Fault):
    """A fault and the system that is to show it."""

    system: str


class SystemSeen(BaseModel):
    """One system: `faults` are armed, `hits` those met so far, `requests` since DELETE /requests."""

    name: str
    kind: str
    role: str
    url: str
    faults: int | None
    requests: int | None
    hits: dict[str, int] | None


class BookingSeen(BaseModel):
    """A deal's part in one ERP."""

    erp: str
    number: str
    legal_entity: str
    holds: list[str]
    deliveries: list[str]
    invoices: list[str]


class OrderSeen(BaseModel):
    """One order of the story as it really is."""

    crm_key: str | None
    crm_number: str | None
    customer: str
    currency: str
    created_at: datetime
    traits: list[str]
    bookings: list[BookingSeen]


class StorySeen(BaseModel):
    """How big the story is; `traits` count the orders of each special kind."""

    told_on: datetime
    orders: int
    customers: int
    articles: int
    traits: dict[str, int]


def control_app(opened: Opened, urls: Mapping[str, str]) -> FastAPI:
    """The control app over the open sandboxes; `urls` is where each system answers."""
    app = FastAPI(title="Pretend company", description=WORDS, version="1")
    _systems(app, opened, urls)
    _faults(app, opened)
    _requests(app, opened)
    app.include_router(webhooks(opened.sandboxes))
    _story(app, opened)
    story_goes_on(app, opened)

    @app.get("/", response_model=None)
    async def words() -> dict[str, Any]:
        """What can be done here, in words."""
        return {"what": WORDS.splitlines(), "systems": dict(urls), "docs": "/docs"}

    return app


def _systems(app: FastAPI, opened: Opened, urls: Mapping[str, str]) -> None:
    @app.get("/systems")
    async def systems() -> list[SystemSeen]:
        """Every system of the company."""
        seen = []
        for system in opened.company.systems:
            held = opened.sandboxes.get(system.name)
            faults, requests = (len(held.faults.armed()), held.log.total) if held else (None, None)
            hits = {str(kind): count for kind, count in held.faults.hits.items()} if held else None
            given = {"name": system.name, "kind": system.kind, "role": system.role, "url": urls[system.name]}
            seen.append(SystemSeen(**given, faults=faults, requests=requests, hits=hits))
        return seen


def _faults(app: FastAPI, opened: Opened) -> None:
    @app.get("/faults")
    async def armed() -> dict[str, list[Fault]]:
        """What is armed, by system."""
        return {name: sandbox.faults.armed() for name, sandbox in opened.sandboxes.items()}

    @app.post("/faults", status_code=201)
    async def arm(given: FaultAt) -> dict[str, list[Fault]]:
        """Arm a fault; answers what is armed at that system now."""
        faults = _sandbox(opened, given.system).faults
        try:
            faults.add(Fault.model_validate(given.model_dump(exclude={"system"})))
        except ValueError as refused:
            raise HTTPException(409, str(refused)) from refused
        return {given.system: faults.armed()}

    @app.delete("/faults", status_code=204)
    async def disarm(system: str | None = None) -> None:
        """Disarm every fault, or those of one system."""
        for sandbox in _chosen(opened, system).values():
            sandbox.faults.clear()


def _requests(app: FastAPI, opened: Opened) -> None:
    @app.get("/requests")
    async def asked(
        system: str | None = None, match: str = "", limit: Annotated[int, Query(ge=1, le=_MOST)] = 100
    ) -> dict[str, list[dict[str, Any]]]:
        """The last requests by system, newest last."""
        try:
            re.compile(match)
        except re.error as wrong:
            raise HTTPException(422, f"match is not a regular expression: {wrong}") from wrong
        return {
            name: [asdict(one) for one in sandbox.log.asked(match)[-limit:]]
            for name, sandbox in _chosen(opened, system).items()
        }

    @app.delete("/requests", status_code=204)
    async def forget(system: str | None = None) -> None:
        """Forget what was asked, of all systems or of one."""
        for sandbox in _chosen(opened, system).values():
            sandbox.log.clear()


def _story(app: FastAPI, opened: Opened) -> None:
    async def told() -> Story:
        # Telling takes a second: not on the loop that serves the systems.
        return await asyncio.to_thread(lambda: opened.chronicle.story)

    @app.get("/story")
    async def story() -> StorySeen:
        """How big the story is by now, and how many orders of each special kind it has."""
        whole = await told()
        counts: dict[str, int] = {}
        for deal in whole.deals:
            for trait in deal.traits:
                counts[trait] = counts.get(trait, 0) + 1
        return StorySeen(
            told_on=whole.told_on,
            orders=len(whole.deals),
            customers=len(whole.buyers),
            articles=len(whole.articles),
            traits=dict(sorted(counts.items())),
        )

    @app.get("/story/orders")
    async def orders(
        trait: str | None = None, number: str | None = None, limit: Annotated[int, Query(ge=1, le=_MOST)] = 50
    ) -> list[OrderSeen]:
        """Orders of a special kind, or with a number or key in any system; the newest first."""
        whole = await told()
        found = (
            deal
            for deal in reversed(whole.deals)
            if (trait is None or trait in deal.traits) and (number is None or number in _names(deal))
        )
        return [_order(whole, deal) for deal, _ in zip(found, range(limit), strict=False)]

    @app.get("/story/highlights")
    async def highlighted() -> list[Highlight]:
        """Five orders to begin with."""
        return opened.orders


def _names(deal: Deal) -> set[str | None]:
    return {deal.crm_key, deal.crm_number, *(booking.number for booking in deal.bookings)}


def _order(story: Story, deal: Deal) -> OrderSeen:
    bookings = [
        BookingSeen(
            erp=booking.instance,
            number=booking.number,
            legal_entity=booking.entity,
            holds=list(booking.holds),
            deliveries=[parcel.number for parcel in booking.parcels],
            invoices=[bill.number for bill in booking.bills] + list(booking.shared_bills),
        )
        for booking in deal.bookings
    ]
    return OrderSeen(
        crm_key=deal.crm_key,
        crm_number=deal.crm_number,
        customer=story.buyers[deal.buyer].name,
        currency=deal.currency,
        created_at=deal.created_at,
        traits=sorted(deal.traits),
        bookings=bookings,
    )


def _sandbox(opened: Opened, name: str) -> Sandbox:
    found = opened.sandboxes.get(name)
    if found is None:
        raise HTTPException(404, f"There is no pretend system {name!r}; known: {', '.join(opened.sandboxes)}.")
    return found


def _chosen(opened: Opened, name: str | None) -> Mapping[str, Sandbox]:
    return opened.sandboxes if name is None else {name: _sandbox(opened, name)}
