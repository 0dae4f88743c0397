"""The command `revgraph`. Each wish loads only what it needs, so that --help is there at once."""

from __future__ import annotations

from gateway import cli_beginning, cli_looking, cli_outgoing, cli_playing
from gateway.command import app

__all__ = ["app", "cli_beginning", "cli_looking", "cli_outgoing", "cli_playing", "main"]


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
