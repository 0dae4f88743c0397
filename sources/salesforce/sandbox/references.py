"""References between subrequests: "@{order.id}", "@{found.records[0].Id}", "@{rows[0].id}"."""

from __future__ import annotations

import re
from typing import Final

_REFERENCE: Final = re.compile(r"@\{([A-Za-z0-9_]+)((?:\[\d+\])*)(?:\.([^}]+))?\}")
_STEP: Final = re.compile(r"([A-Za-z0-9_]+)|\[(\d+)\]")


class NoValue(Exception):
    """A reference that leads nowhere."""


class References:
    """What the successful subrequests answered, by reference id."""

    def __init__(self) -> None:
        self._answers: dict[str, object] = {}

    def remember(self, name: str, body: object) -> None:
        """Keep an answer for those after it."""
        self._answers[name] = body

    def fill(self, text: str) -> str:
        """The text with its references replaced; NoValue when one leads nowhere."""
        return _REFERENCE.sub(lambda match: str(self._value(match)), text)

    def fill_all(self, body: object) -> object:
        """A JSON body with the references in its strings replaced, at any depth."""
        if isinstance(body, str):
            return self.fill(body)
        if isinstance(body, list):
            return [self.fill_all(item) for item in body]
        if isinstance(body, dict):
            return {name: self.fill_all(value) for name, value in body.items()}
        return body

    def _value(self, match: re.Match[str]) -> object:
        name, indexes, path = match[1], match[2] or "", match[3] or ""
        value: object = self._answers.get(name)
        for step in _STEP.finditer(indexes + path):
            value = _stepped(value, step)
            if value is None:
                wanted = f"{name}{indexes}" + (f".{path}" if path else "")
                raise NoValue(f"Invalid reference specified. No value for {wanted} found in {name}")
        return value


def _stepped(value: object, step: re.Match[str]) -> object:
    if step[2] is not None and isinstance(value, list) and int(step[2]) < len(value):
        return value[int(step[2])]
    if step[1] is not None and isinstance(value, dict):
        found: object = value.get(step[1])
        return found
    return None
