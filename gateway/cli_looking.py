"""Wishes that look, tell and write files: schema, doctor, forget, explain, settings, new-source."""

from __future__ import annotations

import asyncio
import difflib
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.command import LandscapeOption, app, give_up, note, settings_of

if TYPE_CHECKING:
    from gateway.doctor import Diagnosis
    from gateway.settings import Settings


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
        note(f"Written to {write}.")
    elif check:
        held = check.read_text(encoding="utf-8") if check.exists() else ""
        if held != text:
            lines = difflib.unified_diff(held.splitlines(), text.splitlines(), str(check), "the code", lineterm="")
            typer.echo("\n".join(lines))
            give_up(f"{check} is not what the code declares; `revgraph schema --write {check}` makes it so.")
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

    diagnoses = asyncio.run(_examine(settings_of(landscape=landscape), seconds))
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
        asyncio.run(forget_kept(settings_of(landscape=landscape), os.environ, system, concept, keys or None))
    except CannotForgetError as error:
        give_up(str(error))
    what = f"{concept} {', '.join(keys)}" if keys else f"every {concept}"
    note(f"Nothing is served any more that was kept of {what} in {system}.")


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
        plan = explaining.explain(settings_of(landscape=landscape), explaining.read(file, variables, operation))
    except (explaining.CannotExplainError, LandscapeError) as error:
        give_up(str(error))
    if as_json:
        typer.echo(json.dumps(in_json(plan), indent=2))
    else:
        explaining.show(plan, operation or file.name)
    raise typer.Exit(1 if any(plan.excesses()) else 0)


@app.command()
def settings(
    kind: Annotated[str | None, typer.Argument(help="A kind of system: lists what it can be told.")] = None,
) -> None:
    """List every environment variable, or every setting of a kind of system, with its usual value and its meaning.

    The settings of a system stand in its [instances.settings] of the landscape file.
    """
    from gateway.settings import described  # noqa: PLC0415
    from sources.catalog import kinds  # noqa: PLC0415
    from sources.vendor_settings import settings_of  # noqa: PLC0415

    if kind is not None and kind not in kinds():
        give_up(f"There is no kind of system {kind!r}; expected one of {', '.join(kinds())}.")
    for name, usual, meaning in settings_of(kind) if kind else described():
        typer.echo(
            f"{name}\n    {meaning}{'' if meaning.endswith('.') else '.'}{f' Usually {usual}.' if usual else ''}"
        )


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
        give_up(str(error))
    typer.echo(next_steps(name))


async def _examine(settings: Settings, seconds: float) -> list[Diagnosis]:
    from gateway.doctor import examine  # noqa: PLC0415
    from sources.catalog import CannotOpenError, open_sources  # noqa: PLC0415
    from sources.landscape_file import LandscapeError, read_landscape  # noqa: PLC0415

    try:
        landscape = read_landscape(settings.landscape, os.environ)
        sources = open_sources(landscape)
    except (LandscapeError, CannotOpenError) as error:
        give_up(str(error))
    try:
        return await examine(landscape, sources, seconds)
    finally:
        await sources.close()
