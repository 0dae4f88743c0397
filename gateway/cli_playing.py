"""The wish `sandbox`, which starts the pretend company alone, and `sandbox play`, which lets it go on living."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from gateway.command import CacheOption, ErpOption, StateOption, app, give_up, note

group = typer.Typer(invoke_without_command=True, rich_markup_mode="markdown")
app.add_typer(group, name="sandbox")


@group.callback()
def sandbox(
    wish: typer.Context,
    state: StateOption = Path(".demo"),
    ready: Annotated[
        Path | None,
        typer.Option(help="JSON file that is written once the systems answer; sandbox.json of --state is, too."),
    ] = None,
    erp: ErpOption = None,
    cache: CacheOption = False,
) -> None:
    """Start the pretend company's systems alone, and write a landscape file for them.

    Use it to try your own gateway, client or adapter against systems that fail on demand. `revgraph sandbox play` lets
    the company of a running demo or sandbox go on living.
    """
    if wish.invoked_subcommand is not None:
        wish.obj = state
        return
    from gateway.children import ChildEndedError, Children, StoppedError  # noqa: PLC0415
    from gateway.demo import start_sandbox  # noqa: PLC0415

    try:
        with Children() as children:
            note("Starting the pretend company's systems ...")
            typer.echo(json.dumps(start_sandbox(children, state, erp, ready, cache=cache), indent=2))
            children.watch()
    except StoppedError:
        pass
    except ChildEndedError as error:
        give_up(str(error))
    note("Everything has ended.")


@group.command()
def play(  # noqa: PLR0913, PLR0917 - one for each option
    wish: typer.Context,
    state: Annotated[
        Path | None,
        typer.Option(
            help="The directory that the demo or sandbox was started with; else the one before `play`, or .demo."
        ),
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="Where its control port answers; else what sandbox.json in that directory says.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.01, max=50, help="Steps a second.")] = 2.0,
    steps: Annotated[int | None, typer.Option(min=1, help="How many; without it until Ctrl-C.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed takes the same steps.")] = 1,
    order: Annotated[
        list[str] | None, typer.Option(help="Only this order, by a key or number of any system; may be repeated.")
    ] = None,
    adopt: Annotated[bool, typer.Option(help="Orders that clients booked in an ERP take part, too.")] = True,
    kind: Annotated[list[str] | None, typer.Option(help="Only steps of this kind; may be repeated.")] = None,
) -> None:
    """Let the pretend company go on living, and tell what happens.

    Orders are booked, held, sent, billed and paid, new ones are drafted, and every system records it in its own words.
    A real ERP among the systems stays as it is.
    """
    asked = {"speed": speed, "steps": steps, "seed": seed, "adopt": adopt}
    _follow(control or _told(state or wish.obj), asked | {"orders": order or None, "kinds": kind or None})


def _follow(url: str, asked: Mapping[str, object]) -> None:
    """Tell each happening until the play ends; it ends with us."""
    from gateway.playing import Control, ControlError, play  # noqa: PLC0415

    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with closing(play(Control(url), asked)) as lines:
            for line in lines:
                typer.echo(line)
    except KeyboardInterrupt:
        note("The play has ended.")
    except ControlError as error:
        give_up(str(error))
    finally:
        signal.signal(signal.SIGTERM, before)


def _told(state: Path) -> str:
    """The control port of the company whose files are there."""
    try:
        return str(json.loads((state / "sandbox.json").read_text(encoding="utf-8"))["control"])
    except (OSError, ValueError, KeyError):
        give_up(f"No pretend company has told {state} where it is: start one, or say --state or --control.", 2)


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
