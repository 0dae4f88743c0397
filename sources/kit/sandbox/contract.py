"""What a vendor's sandbox gives to whoever serves it.

A vendor folder exposes `sources.<vendor>.sandbox.open_sandbox(name: str, state: pathlib.Path) -> Sandbox`.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from starlette.types import ASGIApp

from sources.kit.sandbox.faults import Faults
from sources.kit.sandbox.log import RequestLog
from sources.kit.sandbox.story import Story


class Sandbox(Protocol):
    """One pretend system: an app to serve, the faults it can show and the requests it got."""

    @property
    def kind(self) -> str:
        """The vendor folder's name."""

    @property
    def app(self) -> ASGIApp:
        """The pretend server, with faults and log already around it."""

    @property
    def faults(self) -> Faults:
        """The faults armed here."""

    @property
    def log(self) -> RequestLog:
        """What was asked, newest last."""

    def settings(self) -> dict[str, str]:
        """What a landscape instance needs beside the address: client ids, paths of key files."""

    def tell(self, story: Story, instance: str) -> None:
        """Hold this instance's part of the story, in the vendor's own words; repeats replace."""

    def close(self) -> None:
        """Let go of its files; it is of no use afterwards."""


class Posting(NamedTuple):
    """Where a system posts what happens in it (None: nowhere), and how many messages were taken and lost so far."""

    url: str | None
    sent: int
    lost: int


@runtime_checkable
class Emits(Protocol):
    """A pretend system that says by itself what happened in it, to one address."""

    @property
    def posting(self) -> Posting:
        """Where it posts, and how that went."""

    def send_to(self, url: str | None, secret: str | None = None) -> None:
        """Post to this address from now on, None: nowhere; without a secret with its own that `settings` tell."""


class OpenSandbox(Protocol):
    """How a vendor folder opens its sandbox: by instance name, with a directory for its files."""

    def __call__(self, name: str, state: Path) -> Sandbox:
        """The sandbox, empty or as its files left it."""
