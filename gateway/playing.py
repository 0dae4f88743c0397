"""Lets the pretend company go on living, over its control port: what it posts where, and what happens to its orders."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 30.0
LOOK_EVERY = 0.5
"""Seconds between two looks at what happened."""
_MOST = 1_000

Happening = Mapping[str, Any]


class ControlError(Exception):
    """The control port cannot be asked, or does not do what was wished; the text says why."""


@dataclass(frozen=True)
class Control:
    """The control port of a pretend company."""

    url: str

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What it answers; ControlError where it refuses or is not there."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT)
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(method, path, sent, {"content-type": "application/json"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ControlError(f"No control port of a pretend company answers at {self.url} ({error}).") from error
        finally:
            connection.close()
        if response.status >= http.client.BAD_REQUEST:
            raise ControlError(f"The pretend company refuses: {_why(answer)}")
        return answer


def _why(answer: Mapping[str, Any]) -> str:
    """Its own sentence, or one for each part of the wish that is wrong."""
    told = answer.get("detail", "it does not say why")
    return told if isinstance(told, str) else "; ".join(str(one["msg"]) for one in told)


def let_deliver(control: Control, gateway: str) -> list[str]:
    """Let every system that posts what happens in it do so at this gateway's door from now on; their names."""
    systems = sorted(control.ask("GET", "/webhooks"))
    for system in systems:
        control.ask("PUT", f"/webhooks/{system}", {"url": f"{gateway}/webhooks/{system}"})
    return systems


def play(
    control: Control, wish: Mapping[str, object], sleep: Callable[[float], None] = time.sleep
) -> Generator[str, None, None]:
    """Let it go on and tell each happening in a line, until the play ends, whoever ends it; then why.

    Whoever stops listening stops the play.
    """
    begun = control.ask("POST", "/story/play", wish)
    position, plays, seen = begun["after"], True, begun
    try:
        while plays:
            seen = control.ask("GET", "/story/play")
            told = control.ask("GET", f"/story/happenings?after={position}&limit={_MOST}")
            for happening in told:
                position = happening["n"]
                yield line(happening)
            plays = seen["plays"] or len(told) == _MOST
            if seen["plays"] and len(told) < _MOST:
                sleep(LOOK_EVERY)
        yield f"{seen['done']} steps. {seen['ended']}"
    finally:
        if plays:
            control.ask("DELETE", "/story/play")


def line(happening: Happening) -> str:
    """A happening for people: what it was, and what the order is from now on."""
    expected = str(happening["expected"]).lower().replace("_", " ")
    return f"{happening['words']}. Now {expected}."
