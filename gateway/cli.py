"""The command `revgraph`. Each wish loads only what it needs, so that --help is there at once."""

from __future__ import annotations

import asyncio
import difflib
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from gateway.doctor import Diagnosis
    from gateway.settings import Settings

app = typer.Typer(
    name="revgraph",
    help="One live, governed GraphQL graph over a CRM and the ERPs behind it: from quote to cash.\n\n"
    "New here? `revgraph demo` starts a pretend company and shows the graph over it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

LandscapeOption = Annotated[
    Path | None, typer.Option(help="The landscape file: which systems there are. revgraph.example.toml explains it.")
]
StateOption = Annotated[
    Path, typer.Option(help="Directory for the pretend systems' files and logs; made when missing.")
]
ErpOption = Annotated[
    str | None, typer.Option(help="A real ERP for the second company, installed at its first start.", metavar="KIND")
]
CacheOption = Annotated[
    bool, typer.Option("--cache", help="Let some answers be kept for a while; without it everything is read live.")
]


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    landscape: LandscapeOption = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port, one event loop each.")] = 1,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the landscape file to be there.")] = 0,
    state: Annotated[
        Path | None,
        typer.Option(help="Directory for the socket and log of a Redis of its own; else a temporary one."),
    ] = None,
) -> None:
    """Serve the graph over the systems of the landscape file.

    POST /graphql answers; /healthz and /readyz tell how it is; / says in words what this is. Callers send a signed
    token, so one of REVGRAPH_JWT_SECRET (or _FILE), REVGRAPH_JWT_PUBLIC_KEY_FILE and REVGRAPH_JWT_JWKS_FILE must be
    set. `revgraph settings` lists every variable. Where the landscape has a [cache] and no REVGRAPH_REDIS_URL is set,
    a Redis is started with it and ends with it.
    """
    from gateway.authentication import read_keys  # noqa: PLC0415
    from gateway.serving import serve as serve_until_stopped  # noqa: PLC0415
    from gateway.serving import wait_for  # noqa: PLC0415
    from gateway.settings import SettingsError  # noqa: PLC0415
    from sources.landscape_file import LandscapeError, read_landscape  # noqa: PLC0415

    settings = _settings(host=host, port=port, landscape=landscape)
    try:
        read_keys(settings)
        wait_for(settings.landscape, wait)
        keeps = bool(read_landscape(settings.landscape, os.environ).cache)
    except (SettingsError, LandscapeError) as error:
        _give_up(str(error))
    if not keeps or settings.redis_url:
        serve_until_stopped(settings, workers)
    else:
        _with_redis(state, lambda: serve_until_stopped(settings, workers))


@app.command()
def worker() -> None:
    """Carry out work that outlives a request. This version only reads, so there is none yet."""
    _give_up("This version has no work that outlives a request, so there is nothing for a worker to do.", 2)


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
) -> None:
    """Start a pretend company and a gateway in front of it, and show what to ask.

    Needs nothing but this machine. Prints an address, a token for 12 hours and a query to paste. The ready file holds
    the same for programs, with five orders to look at. Ctrl-C or SIGTERM ends everything.
    """
    from gateway import demo as the_demo  # noqa: PLC0415
    from gateway.children import ChildEndedError, Children, StoppedError  # noqa: PLC0415

    if ready_file:
        ready_file.unlink(missing_ok=True)
    try:
        with Children() as children:
            running = the_demo.run(children, state, port, erp, _note, cache=cache)
            if ready_file:
                the_demo.write_ready(ready_file, running)
            typer.echo(the_demo.invitation(running))
            children.watch()
    except StoppedError:
        pass
    except ChildEndedError as error:
        _give_up(str(error))
    _note("Everything has ended.")


@app.command()
def sandbox(
    state: StateOption = Path(".demo"),
    ready: Annotated[Path | None, typer.Option(help="JSON file that is written once the systems answer.")] = None,
    erp: ErpOption = None,
    cache: CacheOption = False,
) -> None:
    """Start the pretend company's systems alone, and write a landscape file for them.

    Use it to try your own gateway, client or adapter against systems that fail on demand.
    """
    from gateway.children import ChildEndedError, Children, StoppedError  # noqa: PLC0415
    from gateway.demo import start_sandbox  # noqa: PLC0415

    try:
        with Children() as children:
            _note("Starting the pretend company's systems ...")
            typer.echo(json.dumps(start_sandbox(children, state, erp, ready, cache=cache), indent=2))
            children.watch()
    except StoppedError:
        pass
    except ChildEndedError as error:
        _give_up(str(error))
    _note("Everything has ended.")


@app.command()
def schema(
    check: Annotated[Path | None, typer.Option(help="Compare with this file; fails and shows what differs.")] = None,
    write: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
) -> None:
    """Print the graph's schema in GraphQL's own language."""
    from gateway.wiring import the_sdl  # noqa: PLC0415

    text = the_sdl()
    if write:
        write.write_text(text, encoding="utf-8")
        _note(f"Written to {write}.")
    elif check:
        held = check.read_text(encoding="utf-8") if check.exists() else ""
        if held != text:
            lines = difflib.unified_diff(held.splitlines(), text.splitlines(), str(check), "the code", lineterm="")
            typer.echo("\n".join(lines))
            _give_up(f"{check} is not what the code declares; `revgraph schema --write {check}` makes it so.")
    else:
        typer.echo(text, nl=False)


@app.command()
def doctor(
    landscape: LandscapeOption = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long each system may take.")] = 15.0,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")] = False,
) -> None:
    """Look at every configured system: reachable, authorised, its fields and permissions, latency, call budget.

    Says in words what to fix. Ends with code 1 when a required system fails.
    """
    from rich.console import Console  # noqa: PLC0415

    # What goes wrong is in the diagnoses; the adapters' own log lines would only stand between them.
    logging.getLogger().addHandler(logging.NullHandler())
    from gateway.doctor import as_json as in_json  # noqa: PLC0415
    from gateway.doctor import failed, show  # noqa: PLC0415

    diagnoses = asyncio.run(_examine(_settings(landscape=landscape), seconds))
    if as_json:
        typer.echo(json.dumps(in_json(diagnoses), indent=2))
    else:
        show(diagnoses, Console())
    raise typer.Exit(1 if failed(diagnoses) else 0)


@app.command()
def forget(
    system: Annotated[str, typer.Argument(help="The configured name of the system that was changed.")],
    concept: Annotated[str, typer.Argument(help="What was changed there: customer, product, order, invoice ...")],
    keys: Annotated[list[str] | None, typer.Argument(help="That system's keys; every record when left out.")] = None,
    landscape: LandscapeOption = None,
) -> None:
    """Serve nothing any more that was kept of these records: the next reader gets them live.

    For whoever changed something where no feed tells us. Answers are kept only where the landscape has a [cache].
    """
    from gateway.forgetting import CannotForgetError  # noqa: PLC0415
    from gateway.forgetting import forget as forget_kept  # noqa: PLC0415

    try:
        asyncio.run(forget_kept(_settings(landscape=landscape), os.environ, system, concept, keys or None))
    except CannotForgetError as error:
        _give_up(str(error))
    what = f"{concept} {', '.join(keys)}" if keys else f"every {concept}"
    _note(f"Nothing is served any more that was kept of {what} in {system}.")


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(help="A file with the operation, in GraphQL's own language; - reads stdin.")],
    variables: Annotated[
        str, typer.Option(help="The variables as JSON, or @ and the name of a file with them.")
    ] = "{}",
    operation: Annotated[str | None, typer.Option(help="Which operation, where the file holds several.")] = None,
    landscape: LandscapeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")] = False,
) -> None:
    """Show what an operation will ask of which system, level by level, and whether the budgets allow it.

    Asks no system and needs no credentials. Ends with code 1 when the operation is wrong or over a budget.
    """
    from gateway import explaining  # noqa: PLC0415
    from gateway.plan_telling import as_json as in_json  # noqa: PLC0415
    from sources.landscape_file import LandscapeError  # noqa: PLC0415

    try:
        plan = explaining.explain(_settings(landscape=landscape), explaining.read(file, variables, operation))
    except (explaining.CannotExplainError, LandscapeError) as error:
        _give_up(str(error))
    if as_json:
        typer.echo(json.dumps(in_json(plan), indent=2))
    else:
        explaining.show(plan, operation or file.name)
    raise typer.Exit(1 if any(plan.excesses()) else 0)


@app.command()
def settings() -> None:
    """List every environment variable that `serve` reads, with its usual value and its meaning."""
    from gateway.settings import described  # noqa: PLC0415

    for name, usual, meaning in described():
        typer.echo(f"{name}\n    {meaning}{f' Usually {usual}.' if usual else ''}")


@app.command("new-source")
def new_source(
    name: Annotated[str, typer.Argument(help="The vendor's name in small letters, such as acme_books.")],
    into: Annotated[Path | None, typer.Option(help="The folder of the sources; this project's when left out.")] = None,
) -> None:
    """Make the folder of a new vendor, with a small adapter that works and a pretend server for it."""
    import sources  # noqa: PLC0415
    from gateway.new_source import NameRefusedError, next_steps, scaffold  # noqa: PLC0415

    try:
        for path in scaffold(name, into or Path(sources.__path__[0])):
            typer.echo(f"wrote {path}")
    except NameRefusedError as error:
        _give_up(str(error))
    typer.echo(next_steps(name))


async def _examine(settings: Settings, seconds: float) -> list[Diagnosis]:
    from gateway.doctor import examine  # noqa: PLC0415
    from sources.catalog import CannotOpenError, open_sources  # noqa: PLC0415
    from sources.landscape_file import LandscapeError, read_landscape  # noqa: PLC0415

    try:
        landscape = read_landscape(settings.landscape, os.environ)
        sources = open_sources(landscape)
    except (LandscapeError, CannotOpenError) as error:
        _give_up(str(error))
    try:
        return await examine(landscape, sources, seconds)
    finally:
        await sources.close()


def _with_redis(state: Path | None, serve_until_stopped: Callable[[], None]) -> None:
    from gateway.children import ChildEndedError, Children, StoppedError  # noqa: PLC0415
    from gateway.embedded import NoRedisError, embedded_redis  # noqa: PLC0415
    from gateway.settings import variable  # noqa: PLC0415

    try:
        with Children() as children, embedded_redis(children, state) as url:
            _note(f"Answers are kept at {url}")
            os.environ[variable("redis_url")] = url  # the workers read their settings anew
            serve_until_stopped()
    except StoppedError:
        pass
    except (ChildEndedError, NoRedisError) as error:
        _give_up(str(error))


def _settings(**given: object) -> Settings:
    from gateway.settings import SettingsError, read_settings  # noqa: PLC0415

    try:
        return read_settings(**given)
    except SettingsError as error:
        _give_up(str(error))


def _note(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _give_up(sentence: str, code: int = 1) -> NoReturn:
    _note(sentence)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
