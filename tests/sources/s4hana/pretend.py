"""The pretend SAP system of the company's story, served over HTTP for the adapter's tests."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from canonical.legal_entity import LegalEntity
from sandbox.story import tell_story
from sources.kit.sandbox.serving import serve
from sources.kit.sandbox.story import Story
from sources.kit.sandbox.sums import Booked, booked
from sources.landscape import EntityAt, Instance, Limits, Secret, SettingValue
from sources.s4hana.adapter import S4Hana, open_source
from sources.s4hana.sandbox import S4HanaSandbox, SystemSettings, open_sandbox

NAME = "sap-eu"


@dataclass(frozen=True)
class Opened:
    """A served system, the adapter that reads it, and the orders that the story says it holds."""

    sandbox: S4HanaSandbox
    instance: Instance
    source: S4Hana
    told: Mapping[str, Booked]
    story: Story

    def lines(self) -> list[str]:
        """What was asked since the last look, as "METHOD service/what", without the options."""
        asked = [f"{one.method} {'/'.join(one.path.split('/')[-2:])}" for one in self.sandbox.log.asked()]
        self.sandbox.log.clear()
        return asked


@cache
def story(deals: int) -> Story:
    return tell_story(deals=deals)


@cache
def written(deals: int, system: SystemSettings) -> Path:
    """A system's files with the story in them, written once and copied for each test."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sandbox = open_sandbox(NAME, folder, system)
    sandbox.tell(story(deals), NAME)
    sandbox.close()
    return folder


@asynccontextmanager
async def pretend(
    deals: int = 200, system: SystemSettings | None = None, settings: Mapping[str, SettingValue] | None = None
) -> AsyncIterator[Opened]:
    """The system over real HTTP; the first token is fetched already."""
    told, system = story(deals), system or SystemSettings()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(written(deals, system), folder, dirs_exist_ok=True)
        sandbox = open_sandbox(NAME, Path(folder), system)
        try:
            async with serve(sandbox.app) as at:
                instance = configured(told, sandbox, at.url, settings or {})
                source = open_source(instance)
                assert isinstance(source, S4Hana)
                try:
                    held = {key: order for key, order in booked(told, NAME).items() if order.booking.confirmed}
                    yield Opened(sandbox, instance, source, held, told)
                finally:
                    await source.close()
        finally:
            sandbox.close()


def configured(told: Story, sandbox: S4HanaSandbox, url: str, settings: Mapping[str, SettingValue]) -> Instance:
    said = sandbox.settings()
    ours = tuple(
        EntityAt(LegalEntity(one.code, one.name, one.country, one.currency, NAME), one.codes)
        for one in told.entities
        if one.instance == NAME
    )
    return Instance(
        name=NAME,
        kind="s4hana",
        role="erp",
        base_url=url,
        settings={"sap_client": said["client"], **settings},
        credentials={name: Secret(said[key]) for name, key in CREDENTIALS.items()},
        entities=ours,
        limits=Limits(timeout_seconds=10.0, attempts=1),
    )


CREDENTIALS = {
    "username": "user",
    "password": "password",
    "client_id": "oauth_client",
    "client_secret": "oauth_secret",
    "webhook_token": "webhook_token",
}
