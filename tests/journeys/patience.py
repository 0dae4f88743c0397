"""A gateway that waits as long as it takes: where calls are counted, a second try on a busy machine would count too."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from graphql import GraphQLSchema

from gateway.authentication import Authenticator, Keys
from gateway.settings import Settings
from gateway.wiring import House, furnish
from sandbox.serve import Company
from sources.catalog import open_sources
from sources.landscape import Landscape, Limits
from sources.landscape_file import read_landscape

PATIENT = Limits(timeout_seconds=100, attempts=1)


@asynccontextmanager
async def patient_house(company: Company, graph: GraphQLSchema, secret: str) -> AsyncIterator[House]:
    """The house of the company's landscape, with no haste in it."""
    settings = Settings.model_validate({"jwt_secret": secret, "landscape": company.landscape, "deadline_seconds": 110})
    landscape = read_landscape(company.landscape, os.environ)
    instances = {name: replace(instance, limits=PATIENT) for name, instance in landscape.instances.items()}
    house = refurnished(settings, replace(landscape, instances=instances), None, graph, secret)
    try:
        yield house
    finally:
        await house.sources.close()


def refurnished(
    settings: Settings, landscape: Landscape, held: House | None, graph: GraphQLSchema, secret: str
) -> House:
    """A house of this landscape, over the systems of another one where one is held."""
    authenticator = Authenticator(Keys(("HS256",), secret), "revgraph-demo", "revgraph", landscape.tenant)
    sources = held.sources if held else open_sources(landscape)
    return furnish(settings, landscape, sources, authenticator, graph)
