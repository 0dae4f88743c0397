"""Wishes that start something and end it: serve, worker, migrate, demo."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.command import (
    CacheOption,
    ErpOption,
    LandscapeOption,
    StateOption,
    app,
    database_of,
    give_up,
    note,
    settings_of,
)

if TYPE_CHECKING:
    from gateway.children import Children
    from gateway.settings import Settings

_LOOK_EVERY: Final = 0.1


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    landscape: LandscapeOption = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port, one event loop each.")] = 1,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the landscape file to be there.")] = 0,
    state: Annotated[
        Path | None, typer.Option(help="Directory for a database and a Redis of our own; made when missing.")
    ] = None,
    reads_only: Annotated[
        bool, typer.Option("--reads-only", help="Answer questions alone: no database, and nothing is taken in.")
    ] = False,
) -> None:
    """Serve the graph over the systems of the landscape file.

    What is submitted is kept in the PostgreSQL of DATABASE_URL, and carried out by `revgraph worker`. Without that
    variable a database and one worker are started beside the gateway, with their files in the state directory.

    POST /graphql answers; /healthz and /readyz tell how it is; / says in words what this is. Callers send a signed
    token, so one of REVGRAPH_JWT_SECRET (or _FILE), REVGRAPH_JWT_PUBLIC_KEY_FILE and REVGRAPH_JWT_JWKS_FILE must be
    set. `revgraph settings` lists every variable. Where the landscape has a [cache] and no REVGRAPH_REDIS_URL is set,
    a Redis is started with it and ends with it.
    """
    from gateway.serving import serve as serve_until_stopped  # noqa: PLC0415

    if reads_only:
        _forget_the_database()
    settings = settings_of(host=host, port=port, landscape=landscape, state=state)
    keeps = _keeps_answers(settings, wait)
    if settings.database_url:
        look_at_store(settings.database_url.get_secret_value(), wait)
    if not (settings.database_url or reads_only):
        _serve_with_our_own(settings, workers)
    elif keeps and not settings.redis_url:
        if settings.database_url:
            note("REVGRAPH_REDIS_URL is not set: no worker forgets what is kept in the Redis that is started here.")
        _with_redis(settings.state, lambda: serve_until_stopped(settings, workers))
    else:
        serve_until_stopped(settings, workers)


def _forget_the_database() -> None:
    """The processes that serve read their settings from the environment."""
    from gateway.settings import variable  # noqa: PLC0415

    for name in (variable("database_url"), "DATABASE_URL"):
        os.environ.pop(name, None)


def look_at_store(url: str, wait: float) -> None:
    """One that was never migrated ends it all, unless that is done while it is waited for.

    Without one that is away questions are answered all the same.
    """
    import psycopg  # noqa: PLC0415

    from workflows.store.migrating import NotMigratedError, require_migrated  # noqa: PLC0415
    from workflows.store.opening import StoreUrlError  # noqa: PLC0415

    until = monotonic() + wait
    while True:
        try:
            return require_migrated(url)
        except StoreUrlError as error:
            give_up(str(error))
        except NotMigratedError as error:
            if monotonic() >= until:
                give_up(str(error))
        except psycopg.OperationalError:
            if monotonic() >= until:
                return note("The database of DATABASE_URL does not answer: nothing is taken in before it does.")
        sleep(_LOOK_EVERY)


def _keeps_answers(settings: Settings, wait: float) -> bool:
    """Whether the landscape, once it is there, lets answers be kept; what is wrong with it or the keys ends it all."""
    from gateway.authentication import read_keys  # noqa: PLC0415
    from gateway.serving import wait_for  # noqa: PLC0415
    from gateway.settings import SettingsError  # noqa: PLC0415
    from sources.catalog import CannotOpenError, open_sources  # noqa: PLC0415
    from sources.landscape_file import LandscapeError, read_landscape  # noqa: PLC0415

    try:
        read_keys(settings)
        wait_for(settings.landscape, wait)
        landscape = read_landscape(settings.landscape, os.environ)
        # Opened for what is wrong with their settings alone: each process opens its own.
        asyncio.run(open_sources(landscape).close())
        return bool(landscape.cache)
    except (SettingsError, LandscapeError, CannotOpenError) as error:
        give_up(str(error))


@app.command()
def worker(
    landscape: LandscapeOption = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the landscape file to be there.")] = 0,
    version: Annotated[
        str | None, typer.Option(help="Finish what runs on this older version of the workflows, and take nothing else.")
    ] = None,
) -> None:
    """Carry out what outlives a request: what was submitted, and what systems tell of.

    It books, changes and cancels orders, listens to the systems, puts events into their order, and sends them to
    receivers and the CRM's screens. Needs DATABASE_URL, migrated by `revgraph migrate`. Run as many as you like: each
    takes over from the dead. SIGTERM ends it when what it has is finished, or after 20 seconds.
    """
    from gateway.serving import await_file  # noqa: PLC0415
    from gateway.telemetry import configure_logging  # noqa: PLC0415
    from resolvers.looking import Looker  # noqa: PLC0415
    from sources.landscape_file import LandscapeError, read_landscape  # noqa: PLC0415
    from workflows.durable import SHAPE  # noqa: PLC0415
    from workflows.worker import WorkerSettings, run  # noqa: PLC0415

    settings = settings_of(landscape=landscape)
    url = database_of(settings)
    configure_logging(settings.log_level)
    try:
        await_file(settings.landscape, wait)
        chosen = read_landscape(settings.landscape, os.environ)
    except LandscapeError as error:
        give_up(str(error))
    redis = settings.redis_url.get_secret_value() if settings.redis_url else None
    told = WorkerSettings(url, version=version or SHAPE, look=Looker, redis_url=redis)
    run(told, chosen, lambda: note("This worker takes work."))


@app.command("migrate")
def migrate_store() -> None:
    """Bring the database of DATABASE_URL to this version: once for each release, before anything of it starts."""
    from workflows.store.migrating import CannotMigrateError, migrate, newest, revision  # noqa: PLC0415
    from workflows.store.opening import StoreUrlError  # noqa: PLC0415

    url = database_of(settings_of())
    try:
        done = migrate(url)
    except (CannotMigrateError, StoreUrlError) as error:
        give_up(str(error))
    beyond = "" if done else f", which is newer than this version makes ({newest()}): there is nothing to do"
    note(f"The database is at revision {revision(url)}{beyond}.")


@app.command()
def demo(
    port: Annotated[
        int | None, typer.Option(envvar="PORT", help="Port of the graph; a free one when left out.")
    ] = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(envvar="READY_FILE", help="JSON file that is written whole once everything answers."),
    ] = None,
    erp: ErpOption = None,
    state: StateOption = Path(".demo"),
    cache: CacheOption = False,
    play: Annotated[bool, typer.Option("--play", help="Let the company go on living, slowly, and tell of it.")] = False,
) -> None:
    """Start a pretend company and a gateway in front of it, and show what to ask.

    Needs nothing but this machine. Prints an address, a token for 12 hours and a query to paste. The ready file holds
    the same for programs, with five orders to look at. Ctrl-C or SIGTERM ends everything.
    """
    from gateway import demo as the_demo  # noqa: PLC0415
    from gateway.children import ChildEndedError, Children, StoppedError  # noqa: PLC0415
    from workflows.store.embedded import NoPostgresError  # noqa: PLC0415

    if ready_file:
        ready_file.unlink(missing_ok=True)
    try:
        with Children() as children, _redis_beside(children, state):
            running = the_demo.run(children, state, port, erp, note, cache=cache)
            if ready_file:
                the_demo.write_ready(ready_file, running)
            typer.echo(the_demo.invitation(running))
            if play:
                the_demo.let_play(children, running)
            children.watch()
    except StoppedError:
        pass
    except (ChildEndedError, NoPostgresError) as error:
        give_up(str(error))
    note("Everything has ended.")


def _serve_with_our_own(settings: Settings, workers: int) -> None:
    from gateway.children import ChildEndedError, Children, StoppedError  # noqa: PLC0415
    from gateway.outliving import serve_beside  # noqa: PLC0415
    from workflows.store.embedded import NoPostgresError  # noqa: PLC0415

    try:
        with Children() as children, _redis_beside(children, settings.state):
            serve_beside(children, settings, workers)
            children.watch()
    except StoppedError:
        pass
    except (ChildEndedError, NoPostgresError) as error:
        give_up(str(error))


@contextmanager
def _redis_beside(children: Children, state: Path) -> Iterator[None]:
    """A Redis for whoever is started until the block ends, unless one is named; without one all of it works as well.

    Events then take a moment longer from one process to the other.
    """
    from gateway.embedded import NoRedisError, embedded_redis  # noqa: PLC0415
    from gateway.settings import variable  # noqa: PLC0415

    with ExitStack() as stack:
        if not (os.environ.get(variable("redis_url")) or os.environ.get("REDIS_URL")):
            try:
                os.environ[variable("redis_url")] = stack.enter_context(embedded_redis(children, state))
            except NoRedisError:
                note("There is no Redis here: gateway and worker look for events themselves.")
        yield


def _with_redis(state: Path | None, serve_until_stopped: Callable[[], None]) -> None:
    from gateway.children import ChildEndedError, Children, StoppedError  # noqa: PLC0415
    from gateway.embedded import NoRedisError, embedded_redis  # noqa: PLC0415
    from gateway.settings import variable  # noqa: PLC0415

    try:
        with Children() as children, embedded_redis(children, state) as url:
            note(f"Answers are kept at {url}")
            os.environ[variable("redis_url")] = url  # the workers read their settings anew
            serve_until_stopped()
    except StoppedError:
        pass
    except (ChildEndedError, NoRedisError) as error:
        give_up(str(error))
