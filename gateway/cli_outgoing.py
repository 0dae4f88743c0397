"""Wishes about events that leave the house: deliveries list, retry, replay; events renew."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from gateway.command import LandscapeOption, app, database_of, give_up, note, settings_of

if TYPE_CHECKING:
    from workflows.redelivering import Delivery

T = TypeVar("T")

deliveries = typer.Typer(
    name="deliveries", help="What is sent to receivers: see it, and let it be sent again.", no_args_is_help=True
)
events = typer.Typer(name="events", help="The event log that subscriptions and receivers read.", no_args_is_help=True)
app.add_typer(deliveries)
app.add_typer(events)

ReceiverOption = Annotated[
    str | None, typer.Option(help="Only this receiver of the landscape; `bulletins` are those of the CRM's screens.")
]


@deliveries.command("list")
def list_deliveries(
    receiver: ReceiverOption = None,
    state: Annotated[
        str | None, typer.Option(help="WAITING, TAKEN, DEAD (given up), or PASSED (nothing new in it).")
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 50,
    landscape: LandscapeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")] = False,
) -> None:
    """List what was and is sent, the newest first: to whom, what, how often it was tried, and the last answer."""
    from gateway.outgoing import Asked, listed  # noqa: PLC0415
    from workflows.store.opening import in_json  # noqa: PLC0415

    settings = settings_of(landscape=landscape)
    asked = Asked(receiver=receiver, state=state, most=most)
    found = _done(listed(settings, database_of(settings), os.environ, asked))
    if as_json:
        typer.echo(in_json(found))
        return
    for one in found:
        typer.echo(_line(one))
    note(f"{len(found)} deliveries." if found else "There are none.")


@deliveries.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(help="Numbers of dead letters, as `deliveries list` says.")] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="Every dead letter.")] = False,
    receiver: ReceiverOption = None,
    landscape: LandscapeOption = None,
) -> None:
    """Send dead letters again, under their old ids, as if they had just come.

    They come after whatever their orders' receivers took meanwhile. Once none is dead, the exception is settled.
    """
    from gateway.outgoing import retried  # noqa: PLC0415

    if bool(ids) == all_dead:
        give_up("Say which: numbers of dead letters, or --all-dead.", 2)
    settings = settings_of(landscape=landscape)
    found = _done(retried(settings, database_of(settings), os.environ, ids or None, receiver))
    note(f"{len(found)} will be sent again." if found else "There is no dead letter.")


@deliveries.command()
def replay(
    receiver: Annotated[str, typer.Argument(help="A receiver of the landscape.")],
    cursor: Annotated[
        str,
        typer.Option("--from", help="A cursor, as each event carries it in its data; what is behind it comes again."),
    ],
    landscape: LandscapeOption = None,
) -> None:
    """Send a receiver everything behind a cursor again: the same events, in their order, under the same ids.

    For a receiver that lost what it had. It must know an id when it comes a second time.
    """
    from gateway.outgoing import replayed  # noqa: PLC0415

    settings = settings_of(landscape=landscape)
    count = _done(replayed(settings, database_of(settings), os.environ, receiver, cursor))
    note(f"{receiver} will be sent what it wants of {count} events.")


@events.command()
def renew(landscape: LandscapeOption = None) -> None:
    """Begin another epoch of the event log, after its database was restored or copied.

    Every cursor that was ever given out is refused from then on (CURSOR_UNKNOWN): each subscriber reads what it needs
    once more, and goes on from the resumeFrom that comes with it. Events and receivers' positions stay as they are.

    A restored PostgreSQL is noticed by itself where the database may tell its system identifier; where the worker's log
    says that it may not, run this before anything else starts.
    """
    from gateway.outgoing import renewed  # noqa: PLC0415

    settings = settings_of(landscape=landscape)
    cursor = _done(renewed(settings, database_of(settings), os.environ))
    note("The event log has another epoch. Cursors of before are refused from now on; new ones begin here:")
    typer.echo(str(cursor))


def _done(work: Coroutine[Any, Any, T]) -> T:
    from gateway.outgoing import CannotActError  # noqa: PLC0415

    try:
        return asyncio.run(work)
    except CannotActError as error:
        give_up(str(error))


def _line(one: Delivery) -> str:
    """One line for people: the number, where it stands, what it is and for whom, and the last answer."""
    when = one.ended_at or one.due_at or one.first_at
    tried = f"{one.attempts} tried"
    words = (
        f"{one.id:>8}  {one.state:<8} {one.receiver:<16} {when:%Y-%m-%d %H:%M:%S}  {tried:<9} {one.kind}  {one.lane}"
    )
    answer = " ".join((one.answer or "").split())
    return f"{words}  {answer}".rstrip()
