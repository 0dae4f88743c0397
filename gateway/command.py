"""What every wish of the command line shares: its options, its settings, and how it speaks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
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


def settings_of(**given: object) -> Settings:
    """The settings of the environment, with these before them; ends the command in words where they cannot be used."""
    from gateway.settings import SettingsError, read_settings  # noqa: PLC0415

    try:
        return read_settings(**given)
    except SettingsError as error:
        give_up(str(error))


def database_of(settings: Settings) -> str:
    """The address of the database that the settings name; ends the command in words where they name none."""
    if settings.database_url is None:
        give_up(
            "There is no DATABASE_URL, so there is nothing to work on. Set it to a PostgreSQL; `revgraph demo` and "
            "`revgraph serve` start one of their own, with a worker.",
            2,
        )
    return settings.database_url.get_secret_value()


def note(sentence: str) -> None:
    """Say something to whoever looks on; what programs read goes elsewhere."""
    typer.echo(sentence, err=True)


def give_up(sentence: str, code: int = 1) -> NoReturn:
    """Say why, and end with this code."""
    note(sentence)
    raise typer.Exit(code)
