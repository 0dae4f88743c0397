"""Builds everything that lives as long as the gateway; nothing else does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from graphql import GraphQLSchema
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from canonical.events import NOWHERE
from engine.documents import Documents
from engine.loom import Loom
from engine.measuring import Limits
from gateway.authentication import Authenticator, read_keys
from gateway.connections import Connections, Patience
from gateway.execution import Executor
from gateway.graphql_http import GraphQLDoor
from gateway.operating import Operating
from gateway.planning import Planner
from gateway.reception import Answers, Bounds, Reception
from gateway.settings import Settings, SettingsError
from gateway.sse_streams import ReservedDoor
from gateway.stream_door import StreamDoor
from gateway.subscribing import Subscribing
from gateway.subscription import Operate
from gateway.websocket import SocketDoor
from resolvers.access import view_of
from resolvers.context import Context, Systems, now_utc
from sources.catalog import Sources, forecaster, open_sources
from sources.kit.call import Call
from sources.landscape import Landscape
from sources.landscape_file import read_landscape
from sources.shelf.addresses import Addresses
from sources.shelf.line import LONGEST_LOOK, Line
from sources.shelf.refreshing import Refreshing
from sources.shelf.shelf import Shelf
from sources.shelf.store import Store as ShelfStore
from sources.shelf.systems import Shelved
from workflows.desk import Desk
from workflows.event_work import no_redis, open_redis
from workflows.hub import Hub
from workflows.store.opening import Store

REDIS_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Transports:
    """The ways to subscribe: sockets, and streams one by one or many in one."""

    reception: Reception
    sockets: SocketDoor
    streams: StreamDoor
    reserved: ReservedDoor

    async def drain(self) -> None:
        """Send every subscriber elsewhere, at once; single answers under way still go out."""
        await self.reception.connections.drain(self.reception.bounds.finish_seconds)


@dataclass(frozen=True, slots=True)
class House:
    """What one process holds open."""

    settings: Settings
    landscape: Landscape
    sources: Sources
    schema: GraphQLSchema
    door: GraphQLDoor
    transports: Transports
    desk: Desk | None = None
    """Where what is to be done is handed in; None where there is no store."""
    hub: Hub | None = None
    """The ear on the event log; None where there is no store."""

    async def close(self) -> None:
        """Give back what this house opened itself."""
        if self.desk:
            await self.desk.store.close()


@asynccontextmanager
async def open_house(
    settings: Settings, environment: Mapping[str, str], schema: GraphQLSchema | None = None
) -> AsyncIterator[House]:
    """The house of these settings until the block ends; no system is called.

    Raises LandscapeError, CannotOpenError or SettingsError, each in words.
    """
    keys = read_keys(settings)
    landscape = read_landscape(settings.landscape, environment)
    sources = open_sources(landscape)
    authenticator = Authenticator(
        keys, settings.jwt_issuer, settings.jwt_audience, landscape.tenant, settings.jwt_leeway_seconds
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(sources.close)
        systems = await stack.enter_async_context(_shelved(settings, landscape, sources)) if landscape.cache else None
        redis = await stack.enter_async_context(_event_line(settings))
        house = furnish(settings, landscape, sources, authenticator, schema or the_schema(), systems, redis)
        stack.push_async_callback(house.close)
        if house.hub is not None:
            await stack.enter_async_context(house.hub.open())
        yield house


def furnish(
    settings: Settings,
    landscape: Landscape,
    sources: Sources,
    authenticator: Authenticator,
    schema: GraphQLSchema,
    systems: Systems | None = None,
    redis: Redis | None = None,
    subscribe: Operate | None = None,
) -> House:
    """The house of parts that are already open; resolvers ask `systems`, where something stands before the sources.

    Its hub, where it has one, is still to be opened. `redis`: where the hub is woken. `subscribe` answers subscriptions
    over every transport in place of the hub.
    """
    documents = Documents(
        schema, limits_of(settings), introspection=settings.introspection, keep=settings.document_cache
    )
    loom = the_loom(settings, schema)
    desk = the_desk(settings, landscape)
    hub = Hub(desk.store, landscape.tenant, redis) if desk else None
    new_context = _context_of(landscape, systems or sources, desk, hub)
    executor = Executor(loom, documents, new_context, Planner(loom, landscape, forecaster(landscape), new_context))
    door = GraphQLDoor(
        execute=executor,
        plan=executor.plan,
        documents=documents,
        principal_of=authenticator.principal,
        view_of=view_of,
        deadline_seconds=settings.deadline_seconds,
        body_limit=settings.body_limit_bytes,
        graphiql=settings.graphiql,
    )
    told = subscribe or Subscribing(loom, documents, new_context, view_of, settings.deadline_seconds)
    operating = Operating(executor, documents, view_of, settings.deadline_seconds, told)
    transports = the_transports(settings, operating, authenticator)
    return House(settings, landscape, sources, schema, door, transports, desk, hub)


def the_transports(settings: Settings, answers: Answers, authenticator: Authenticator) -> Transports:
    """Every way to subscribe, within the bounds that the settings name."""
    bounds = Bounds(
        message_bytes=settings.body_limit_bytes,
        operations=settings.max_operations_per_connection,
        init_seconds=settings.init_seconds,
        keepalive_seconds=settings.keepalive_seconds,
        finish_seconds=settings.finish_seconds,
    )
    reception = Reception(
        answers=answers,
        identity_of=authenticator.identity,
        connections=Connections(settings.max_connections, settings.max_connections_per_caller),
        patience=Patience(settings.unread_seconds),
        bounds=bounds,
        origins=settings.origins,
    )
    return Transports(reception, SocketDoor(reception), StreamDoor(reception), ReservedDoor(reception))


def the_desk(settings: Settings, landscape: Landscape) -> Desk | None:
    """The desk over the store that the settings name; nothing is connected before the first question."""
    if settings.database_url is None:
        return None
    return Desk(Store(settings.database_url.get_secret_value()), landscape)


def the_loom(settings: Settings, schema: GraphQLSchema) -> Loom:
    """The executor of a schema, told how our values look."""
    from schema.dialect import DIALECT  # noqa: PLC0415 - as in `the_schema`

    return Loom(schema, DIALECT, hide_suggestions=not settings.introspection, compiled=settings.engine == "loom")


def limits_of(settings: Settings) -> Limits:
    """The limits that the settings name; the rest as usual."""
    return Limits(
        tokens=settings.max_tokens,
        depth=settings.max_depth,
        fields=settings.max_fields,
        root_fields=settings.max_root_fields,
        directives=settings.max_directives,
    )


def the_schema() -> GraphQLSchema:
    """The graph's schema as graphql-core knows it."""
    from schema import build_schema  # noqa: PLC0415 - declaring the graph takes time that most commands need not spend

    return build_schema()._schema  # noqa: SLF001 - Strawberry has no public name for the schema it made


def the_sdl() -> str:
    """The graph's schema as text that ends with a line break."""
    from schema import build_schema  # noqa: PLC0415 - as above

    return build_schema().as_str().rstrip() + "\n"


def _context_of(
    landscape: Landscape, systems: Systems, desk: Desk | None, hub: Hub | None
) -> Callable[[Call], Context]:
    def new(call: Call) -> Context:
        # The position is taken before anything is read, so that a subscription from there on misses nothing.
        position = hub.cursor if hub else NOWHERE
        return Context(landscape, systems, call, desk=desk, hub=hub, resume_from=position)

    return new


def _event_line(settings: Settings) -> AbstractAsyncContextManager[Redis | None]:
    return open_redis(settings.redis_url.get_secret_value()) if settings.redis_url else no_redis()


@asynccontextmanager
async def _shelved(settings: Settings, landscape: Landscape, sources: Sources) -> AsyncIterator[Systems]:
    """The systems with the shelf before them. A Redis that is silent is no reason not to begin: reads are live then."""
    async with open_line(settings) as line:
        refreshing = Refreshing()
        await line.look()
        async with refreshing.open(line):
            yield Shelved(sources, Shelf(landscape, ShelfStore(line, Addresses(landscape.tenant)), refreshing, now_utc))


@asynccontextmanager
async def open_line(settings: Settings) -> AsyncIterator[Line]:
    """The line to the Redis of the settings until the block ends; nothing is asked yet. SettingsError without one."""
    if settings.redis_url is None:
        raise SettingsError("The landscape lets answers be kept, which needs a Redis: set REVGRAPH_REDIS_URL.")
    pool = BlockingConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        max_connections=REDIS_CONNECTIONS,
        # Whoever is in a hurry does not try again: the read goes live instead.
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=LONGEST_LOOK,
        socket_timeout=LONGEST_LOOK,
    )
    redis = Redis.from_pool(pool)
    try:
        yield Line(redis, patience=settings.redis_patience_seconds)
    finally:
        await redis.aclose()
