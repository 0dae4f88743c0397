"""Strawberry as its documentation has it: types, resolvers, a loader for what hangs on many parents, and its caches.

DESK=http://127.0.0.1:9999 SECRET=... python -m bench.peers.plain.strawberry_peer --port 8091
"""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import strawberry
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.fastapi import GraphQLRouter
from strawberry.schema.config import StrawberryConfig

from bench.peers.plain.callers import Callers
from bench.peers.plain.desk import Desk
from bench.peers.plain.strawberry_loads import Loads
from bench.peers.plain.strawberry_types import SCALARS, Query


class Router(GraphQLRouter[Loads, None]):
    """Strawberry's own router, with orjson in the place of the standard library's."""

    def encode_json(self, data: object) -> bytes:
        """The answer's bytes."""
        return orjson.dumps(data)


def app_of(address: str, secret: str) -> FastAPI:
    """The app over a desk."""
    desk, callers = Desk(address), Callers(secret)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await desk.close()

    async def context(request: Request) -> Loads:
        try:
            callers.check(request.headers.get("authorization"))
        except PermissionError as error:
            raise HTTPException(401, str(error)) from error
        return Loads(desk)

    extensions: list[Any] = [lambda: ParserCache(maxsize=100), lambda: ValidationCache(maxsize=100)]
    schema = strawberry.Schema(Query, extensions=extensions, config=StrawberryConfig(scalar_map=SCALARS))
    router = Router(schema, path="/graphql", graphql_ide=None, context_getter=context)
    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.include_router(router)
    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    found = app_of(os.environ["DESK"], os.environ["SECRET"])
    uvicorn.run(found, port=parser.parse_args().port, access_log=False, log_level="warning", ws="none")
