"""The app: a list of routes and a list of middleware."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from gateway import telemetry
from gateway.correlation import Correlation
from gateway.leaving import farewell
from gateway.negotiating import may_want_a_stream
from gateway.page import page
from gateway.settings import Settings
from gateway.webhooks import METHODS, Webhooks
from gateway.wiring import House

EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

GRAPHQL = "/graphql"
STREAM = "/graphql/stream"

OpenHouse = Callable[[], AbstractAsyncContextManager[House]]


class Gateway(FastAPI):
    """The app. While nobody traces, the graph is answered without what FastAPI lays around its routes."""

    straight: Correlation | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan" or scope["path"] != GRAPHQL or scope.get("root_path"):
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        if scope["type"] == "websocket":
            # Each layer around a socket costs memory for as long as it is open, and there are thousands of them.
            await Sockets()(scope, receive, send)
        elif self.straight is None:
            await super().__call__(scope, receive, send)
        else:
            await self.straight(scope, receive, send)


def create_app(settings: Settings, open_house: OpenHouse) -> Gateway:
    """The gateway's app; the house is opened when it starts and closed when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_house() as house, farewell(house.transports.drain):
            app.state.house = house
            yield
            app.state.house = None
        end_traces()

    app = Gateway(
        title="Revgraph",
        routes=[
            Route("/", front_page, methods=["GET"]),
            Route(GRAPHQL, Graph(), methods=EVERY_METHOD),
            Route("/webhooks/{system}", Webhooks().take, methods=METHODS),
            WebSocketRoute(GRAPHQL, Sockets()),
            Route(STREAM, Streams(), methods=EVERY_METHOD),
            Route("/healthz", healthy, methods=["GET"]),
            Route("/readyz", ready, methods=["GET"]),
        ],
        middleware=[Middleware(Correlation)],
        lifespan=lifespan,
        **_docs(settings),
    )
    end_traces = telemetry.instrument(app, settings.otel_endpoint)
    app.straight = None if settings.otel_endpoint else Correlation(Graph())
    return app


class Graph:
    """The graph, as an ASGI app."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, with one answer or a stream of them."""
        house: House = scope["app"].state.house
        streams = house.transports.streams
        if may_want_a_stream(scope) and streams.wants(scope):
            await streams(scope, receive, send)
        else:
            await house.door(scope, receive, send)


class Sockets:
    """The graph over WebSocket, as an ASGI app."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket."""
        house: House = scope["app"].state.house
        await house.transports.sockets(scope, receive, send)


class Streams:
    """Streams of events that are reserved first, as an ASGI app."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        house: House = scope["app"].state.house
        await house.transports.reserved(scope, receive, send)


async def healthy(_: Request) -> Response:
    """Alive: the process answers."""
    return JSONResponse({"status": "alive"})


async def ready(request: Request) -> Response:
    """Ready: the systems are opened. No vendor is called: one that is down must not take the gateway down with it."""
    house: House | None = getattr(request.app.state, "house", None)
    if house is None:
        return JSONResponse({"status": "starting"}, 503)
    if house.transports.reception.connections.going:
        return JSONResponse({"status": "ending"}, 503)
    return JSONResponse({"status": "ready", "systems": sorted(house.sources.by_name)})


async def front_page(request: Request) -> Response:
    """What this is, in words."""
    house: House = request.app.state.house
    kinds = {name: instance.kind for name, instance in house.landscape.instances.items()}
    return HTMLResponse(page(house.landscape.tenant, kinds))


def _docs(settings: Settings) -> dict[str, Any]:
    return {} if settings.docs else {"openapi_url": None, "docs_url": None, "redoc_url": None}
