"""Writes the landscape file with which a gateway finds the pretend company's systems."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from sandbox.company import Company, System
from sources.kit.sandbox.story import Entity

_PATH_ENDING = "_file"


def write_landscape(
    path: Path, company: Company, urls: Mapping[str, str], told: Mapping[str, Mapping[str, str]], *, cache: bool = False
) -> None:
    """Write the file whole; secrets go into files of their own beside it, readable by their owner alone.

    `urls` and `told` are by system: where it answers, and what its sandbox says of itself. `cache`: the gateway may
    keep for a while what the company says, else every answer is live.
    """
    lines = [f"tenant = {_text(company.tenant)}"]
    for system in company.systems:
        lines += _instance(path.parent, company, system, urls[system.name], told[system.name])
    for entity in company.entities:
        lines += _entity(entity)
    for name, policy in company.cache.items() if cache else ():
        lines += ["", f"[cache.{_text(name)}]", *(f"{key} = {_value(value)}" for key, value in policy.items())]
    replace_file(path, "\n".join(lines) + "\n")


def replace_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _instance(folder: Path, company: Company, system: System, url: str, told: Mapping[str, str]) -> Iterator[str]:
    speech = company.speech[system.kind]
    yield from ("", "[[instances]]", f"name = {_text(system.name)}", f"kind = {_text(system.kind)}")
    yield from (f"role = {_text(system.role)}", f"base_url = {_text(url)}", f"settle_seconds = {speech.settle_seconds}")
    yield from ("", "[instances.settings]")
    for name, value in speech.settings.items():
        yield f"{name} = {_value(value)}"
    for name, source in speech.told.items():
        if source in told:
            yield f"{name} = {_text(told[source])}"
    yield from ("", "[instances.credentials]")
    for name, source in speech.credentials.items():
        if source in told:
            held = Path(told[source]) if source.endswith(_PATH_ENDING) else _secret(folder, system, name, told[source])
            yield f"{name} = {{ file = {_text(str(held.absolute()))} }}"


def _secret(folder: Path, system: System, name: str, value: str) -> Path:
    path = folder / "secrets" / f"{system.name}.{name}"
    replace_file(path, value)
    return path


def _entity(entity: Entity) -> Iterator[str]:
    codes = ", ".join(f"{name} = {_text(code)}" for name, code in entity.codes.items())
    yield from ("", "[[legal_entities]]", f"code = {_text(entity.code)}", f"name = {_text(entity.name)}")
    yield from (f"country = {_text(entity.country)}", f"currency = {_text(entity.currency)}")
    yield from (f"erp = {_text(entity.instance)}", f"codes = {{ {codes} }}")


def _value(value: bool | int | str | list[str] | dict[str, str]) -> str:
    if isinstance(value, dict):
        pairs = (f"{_text(name)} = {_text(told)}" for name, told in value.items())
        return f"{{ {', '.join(pairs)} }}"
    return json.dumps(value, ensure_ascii=False)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
