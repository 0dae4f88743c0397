"""What a vendor folder can be told in the landscape: its settings by name, and what is wrong with those it was told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Final, NamedTuple, cast

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from sources.landscape import Instance

_SHOULD_BE: Final = "Input should be "


class Setting(NamedTuple):
    """One setting: its name, what it usually is, as TOML writes it (empty: nothing), and its meaning."""

    name: str
    usual: str
    meaning: str


def settings_form(kind: str) -> type[BaseModel] | None:
    """The class `Settings` of a vendor folder's settings.py; None where the folder has none."""
    module = f"sources.{kind}.settings"
    if find_spec(f"sources.{kind}") is None or find_spec(module) is None:
        return None
    return cast("type[BaseModel] | None", getattr(import_module(module), "Settings", None))


def settings_of(kind: str) -> Sequence[Setting]:
    """Every setting of a vendor folder, in its order."""
    form = settings_form(kind)
    fields: Mapping[str, FieldInfo] = form.model_fields if form else {}
    return [Setting(name, _usual(field), field.description or "") for name, field in fields.items()]


def wrong_settings(instance: Instance, error: ValidationError) -> list[str]:
    """What is wrong with an instance's settings, a line each; the values are not repeated: one may be a secret."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [_wrong(instance, detail) for detail in details]


def _wrong(instance: Instance, detail: ErrorDetails) -> str:
    path = [str(step) for step in detail["loc"]]
    name = path[0] if path else ""
    line = instance.lines.get(name) or instance.lines.get("")
    where = f"line {line}: " if line else ""
    return f"{where}{'.'.join(('settings', *path))}: {_reason(instance.kind, name, detail)}"


def _reason(kind: str, name: str, detail: ErrorDetails) -> str:
    known = {setting.name: setting for setting in settings_of(kind)}
    if detail["type"] == "extra_forbidden":
        near = get_close_matches(name, known, 1)
        meant = f"; is {near[0]} meant?" if near else "."
        return f"there is no such setting{meant} `revgraph settings {kind}` lists them all."
    if detail["type"] == "missing":
        return f"it is not given, and has to be: {known[name].meaning}" if name in known else "it is not given"
    reason = detail["msg"].removeprefix("Value error, ").removeprefix(_SHOULD_BE)
    if detail["msg"].startswith(_SHOULD_BE):
        reason = f"expected {reason}"
    if name not in known:
        return reason
    _, usual, meaning = known[name]
    return f"{reason} ({meaning}{f'; usually {usual}' if usual else ''})"


def _usual(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    usual = field.get_default(call_default_factory=True, validated_data={})
    if usual is None or usual in ({}, (), ""):
        return ""
    if isinstance(usual, Mapping):
        return f"{{ {', '.join(f'{key} = {json.dumps(value)}' for key, value in usual.items())} }}"
    return json.dumps(list(usual) if isinstance(usual, tuple | frozenset) else usual, default=str)
