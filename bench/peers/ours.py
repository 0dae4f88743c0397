"""The gateway itself, over the desk: its app, its door, its resolvers and its client; only the vendor is the bench's.

DESK=http://127.0.0.1:9999 SECRET=... python -m bench.peers.ours --port 8080 [--workers 2] [--server granian]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from bench.peers.desk import story
from bench.peers.desk.adapter import KIND, DeskCrm, DeskErp
from canonical.legal_entity import LegalEntity
from gateway import telemetry
from gateway.app import create_app
from gateway.authentication import Authenticator, read_keys
from gateway.serving import calm_the_collector
from gateway.settings import Settings
from gateway.wiring import House, furnish, the_schema
from sources.catalog import Sources
from sources.landscape import EntityAt, Instance, Landscape, Limits

APP = "bench.peers.ours:app_of_environment"
TENANT = "bench"
PATIENT = Limits(concurrency=64, timeout_seconds=15, share_reads=False)
"""As many calls at once as each peer's client may have, and each of them sent."""


def landscape_of(desk: str) -> Landscape:
    """One CRM and one ERP, both of them the desk."""
    entities = {
        code: LegalEntity(code, f"{country} company", country, currency, story.ERP)
        for code, country, currency in (("DE10", "DE", "EUR"), ("US10", "US", "USD"))
    }
    places = tuple(EntityAt(entity, {}) for entity in entities.values())
    instances = {
        name: Instance(name, KIND, name, f"{desk}/{name}", entities=places, limits=PATIENT)
        for name in (story.CRM, story.ERP)
    }
    return Landscape(TENANT, instances, entities)


def app(desk: str, secret: str) -> FastAPI:
    """The gateway's own app over the desk; the log holds warnings only, as nobody else here writes one a request."""
    telemetry.configure_logging("warning")
    settings = Settings(jwt_secret=SecretStr(secret), deadline_seconds=30)
    landscape = landscape_of(desk)

    @asynccontextmanager
    async def open_house() -> AsyncIterator[House]:
        crm, erp = landscape.instances[story.CRM], landscape.instances[story.ERP]
        sources = Sources({story.CRM: DeskCrm(crm), story.ERP: DeskErp(erp)})
        keys = Authenticator(read_keys(settings), settings.jwt_issuer, settings.jwt_audience, TENANT)
        house = furnish(settings, landscape, sources, keys, the_schema())
        calm_the_collector()
        try:
            yield house
        finally:
            await sources.close()

    return create_app(settings, open_house)


def app_of_environment() -> FastAPI:
    """The app of one worker."""
    return app(os.environ["DESK"], os.environ["SECRET"])


def by_uvicorn(port: int, workers: int) -> None:
    """Serve as `revgraph serve` does."""
    uvicorn.run(
        APP,
        factory=True,
        port=port,
        workers=workers,
        loop="auto",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
    )


def by_granian(port: int, workers: int) -> None:
    """Serve the same app with granian, uvloop and one runtime thread, which is its best setting here."""
    from granian.constants import HTTPModes, Interfaces, Loops  # noqa: PLC0415 - nothing else here needs it
    from granian.server import Server  # noqa: PLC0415

    Server(
        APP,
        factory=True,
        port=port,
        workers=workers,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        loop=Loops.uvloop,
        websockets=False,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--server", choices=("uvicorn", "granian"), default="uvicorn")
    given = parser.parse_args()
    (by_granian if given.server == "granian" else by_uvicorn)(given.port, given.workers)
