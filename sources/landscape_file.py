"""Reads the landscape from its TOML file, or says line by line what is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from canonical.legal_entity import LegalEntity
from canonical.timeline import TimelineKind
from sources import catalog
from sources.landscape import OWNERSHIP, Budgets, CachePolicy, EntityAt, Instance, Landscape, Limits, Secret
from sources.landscape_checks import contradictions
from sources.landscape_events import Feed, Receiver
from sources.landscape_events_form import event_rules_of
from sources.landscape_form import (
    EXPECTED,
    EntityForm,
    InstanceForm,
    LandscapeForm,
    ReceiverForm,
    expectation,
    known_keys,
)
from sources.landscape_lines import KeyPath, Lines, lines_of
from sources.landscape_rules import Writes
from sources.landscape_rules_form import rules_of
from sources.landscape_secrets import read_secrets

_AT_LINE = re.compile(r"^(.*?)\s*\(at (?:line (\d+), column \d+|end of document)\)$", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Wrong:
    """One thing that is wrong: where (line counted from 1, dotted key), what was found, what was expected, in words."""

    line: int
    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        """One line for people."""
        return f"line {self.line}: {self.key}: found {self.found}; expected {self.expected}"


class LandscapeError(Exception):
    """A landscape file that cannot be used; `wrongs` holds everything that was found, by line."""

    def __init__(self, path: Path, wrongs: Collection[Wrong]) -> None:
        """Say all of it in the text, one line each."""
        self.path = path
        self.wrongs = tuple(sorted(wrongs))
        listed = "\n".join(f"  {wrong}" for wrong in self.wrongs)
        super().__init__(f"The landscape file {path} cannot be used:\n{listed}")


def read_landscape(
    path: Path, environment: Mapping[str, str], kinds: Collection[str] | None = None, *, credentials: bool = True
) -> Landscape:
    """The landscape of a file, with credentials read from `environment` and from files (relative to the landscape's).

    `kinds` are the vendor kinds there are, by default those of the catalog. `credentials=False` reads none, for who
    asks no system. Raises LandscapeError with every wrong line; the text of a secret is never in it.
    """
    text = _read(path)
    values = _parse(path, text)
    lines = lines_of(text)
    form = _validate(path, values, lines)
    known = catalog.kinds() if kinds is None else kinds
    secrets, missing = read_secrets(form, path.parent, environment) if credentials else (_no_secrets, [])
    found = [*contradictions(form, known), *missing]
    if found:
        raise LandscapeError(path, [Wrong(lines.of(at), dotted(at), what, fits) for at, what, fits in found])
    return _landscape(form, secrets, lines)


def _no_secrets(_: str) -> Mapping[str, Secret]:
    return {}


def dotted(path: KeyPath) -> str:
    """A path as people write it: instances[0].credentials.client_secret."""
    written = ""
    for step in path:
        if isinstance(step, int):
            written += f"[{step}]"
        else:
            name = step if re.fullmatch(r"[A-Za-z0-9_-]+", step) else f'"{step}"'
            written += f".{name}" if written else name
    return written or "(the whole file)"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise LandscapeError(path, [Wrong(1, "(the whole file)", reason, "a readable TOML file")]) from error
    except UnicodeDecodeError as error:
        raise LandscapeError(path, [Wrong(1, "(the whole file)", "bytes that are not UTF-8", "a TOML file")]) from error


def _parse(path: Path, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = _AT_LINE.match(str(error))
        line = int(where[2]) if where and where[2] else text.count("\n") + 1
        what = where[1] if where else str(error)
        raise LandscapeError(path, [Wrong(line, "(TOML)", f"text that is not TOML ({what})", "valid TOML")]) from error


def _validate(path: Path, values: dict[str, object], lines: Lines) -> LandscapeForm:
    try:
        return LandscapeForm.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        raise LandscapeError(path, {_wrong(detail, lines) for detail in details}) from None


def _wrong(detail: ErrorDetails, lines: Lines) -> Wrong:
    path: KeyPath = detail["loc"]
    kind = detail["type"]
    if kind == "missing":
        return Wrong(lines.of(path), dotted(path), "nothing", expectation(path) or "a value")
    if kind == "extra_forbidden":
        return Wrong(lines.of(path), dotted(path), "a key I do not know", "one of " + ", ".join(known_keys(path[:-1])))
    wanted = detail["msg"] if kind == EXPECTED else expectation(path) or detail["msg"]
    return Wrong(lines.of(path), dotted(path), _found(path, detail["input"]), wanted)


def _found(path: KeyPath, value: object) -> str:
    if "credentials" in path or "settings" in path:
        return f"{_KINDS.get(type(value), 'something else')} (not shown)"
    if isinstance(value, dict | list):
        return _KINDS[type(value)]
    shown = repr(value).replace("'", '"') if isinstance(value, str) else str(value).lower()
    return shown if len(shown) <= 80 else f"{shown[:77]}..."  # noqa: PLR2004


_KINDS: Mapping[type, str] = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    dict: "a table",
    list: "a list",
}


def _landscape(form: LandscapeForm, secrets: Callable[[str], Mapping[str, Secret]], lines: Lines) -> Landscape:
    places = [_entity(entity) for entity in form.legal_entities]
    instances = {
        item.name: _instance(item, places, secrets(item.name), _lines_of(item, number, lines))
        for number, item in enumerate(form.instances)
    }
    entities = {place.entity.code: place.entity for place in places}
    cache = {name: CachePolicy(**policy.model_dump()) for name, policy in form.cache.items()}
    return Landscape(
        form.tenant,
        instances,
        entities,
        {**OWNERSHIP, **form.system_of_record},
        cache=cache,
        budgets=Budgets(**form.budgets.model_dump()),
        rules=rules_of(form.orders, form.product_lines, form.routing, form.exceptions),
        events=event_rules_of(
            form.events, form.bulletins, tuple(_receiver(item, secrets(item.name)) for item in form.receivers)
        ),
    )


def _receiver(form: ReceiverForm, secrets: Mapping[str, Secret]) -> Receiver:
    return Receiver(
        name=form.name,
        url=form.url,
        secrets=secrets,
        kinds=None if form.kinds is None else frozenset(TimelineKind(kind) for kind in form.kinds),
        legal_entities=None if form.legal_entities is None else frozenset(form.legal_entities),
        timeout_seconds=form.timeout_seconds,
        give_up_hours=form.give_up_hours,
    )


def _entity(form: EntityForm) -> EntityAt:
    books = LegalEntity(form.code, form.name, form.country, form.currency, form.erp, tuple(form.currencies))
    return EntityAt(books, form.codes)


def _lines_of(form: InstanceForm, number: int, lines: Lines) -> Mapping[str, int]:
    mine: KeyPath = ("instances", number)
    return {"": lines.of(mine), **{name: lines.of((*mine, "settings", name)) for name in form.settings}}


def _instance(
    form: InstanceForm, places: list[EntityAt], secrets: Mapping[str, Secret], lines: Mapping[str, int]
) -> Instance:
    own = tuple(place for place in places if place.entity.erp == form.name)
    # A CRM sells for every company and knows none of the ERPs' codes.
    everyone = tuple(EntityAt(place.entity, {}) for place in places)
    return Instance(
        name=form.name,
        kind=form.kind,
        role=form.role,
        base_url=form.base_url,
        settings=form.settings,  # type: ignore[arg-type]  # each was checked to be a SettingValue by the form
        credentials=secrets,
        entities=own if form.role == "erp" else everyone,
        required=form.required,
        freshness_seconds=form.freshness_seconds,
        settle_seconds=form.settle_seconds,
        limits=Limits(**form.limits.model_dump()),
        writes=Writes(**form.writes.model_dump()),
        feed=Feed(**form.feed.model_dump()),
        lines=lines,
    )
