"""By which names records were asked for, and which records an answer brought for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from msgspec import Struct

from canonical.absence import known
from canonical.refs import Ref
from sources.ports import Lookup

R = TypeVar("R", bound=Struct)

Spelling = Callable[[str], str | None]
"""The key that a text names in a system, whatever way it is spelled there; None for other text."""


class Name(NamedTuple):
    """What a record was asked by: the kind of the name, and the text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Answer(Generic[R]):
    """Records by the names they were asked by, () where there are none; `others` came along with them.

    What was brought for a name of `unsure` may not be all that the system would tell of it alone.
    """

    by_name: Mapping[Name, tuple[R, ...]]
    others: tuple[R, ...] = ()
    unsure: frozenset[Name] = frozenset()

    def every(self) -> Iterator[R]:
        """Each record, one that has several names several times."""
        for records in self.by_name.values():
            yield from records
        yield from self.others


def names_of(lookup: Lookup) -> list[Name]:
    """The names of a lookup, each once."""
    names = [Name("key", text) for text in lookup.keys]
    names += [Name("partner", text) for text in lookup.partner_keys]
    names += [Name("number", text) for text in lookup.numbers]
    return list(dict.fromkeys(names))


def lookup_of(names: Iterable[Name]) -> Lookup:
    """The lookup of these names."""
    texts: dict[str, list[str]] = {"key": [], "partner": [], "number": []}
    for name in names:
        texts[name.kind].append(name.text)
    return Lookup(keys=tuple(texts["key"]), partner_keys=tuple(texts["partner"]), numbers=tuple(texts["number"]))


def keyed(names: Iterable[Name], told: Mapping[str, Sequence[R]]) -> Answer[R]:
    """The answer that a system told by the names' texts."""
    return Answer({name: tuple(told.get(name.text, ())) for name in names})


def attributed(names: Sequence[Name], records: Sequence[R], spelled: Spelling | None = None) -> Answer[R]:
    """The answer of a lookup, which a system tells as records alone.

    A record carries its names, but a vendor may find it by a spelling that the record does not have. So a name that
    found nothing beside a record with something like it is unsure; and all are, where nothing explains a record.
    """
    carried: dict[Name, list[R]] = {}
    for record in records:
        for name in dict.fromkeys(_carried(record)):
            carried.setdefault(name, []).append(record)
    found = {name: tuple(carried.get(name) or carried.get(_spelled(name, spelled)) or ()) for name in names}
    explained = {id(record) for held in found.values() for record in held}
    left = [record for record in records if id(record) not in explained]
    unsure = {name for name, held in found.items() if not held and any(_alike(name, record) for record in records)}
    if not all(any(_alike(name, record) for name in unsure) for record in left):
        unsure = set(names)
    return Answer(found, tuple(left), frozenset(unsure))


def _carried(record: Struct) -> Iterator[Name]:
    ref: Ref | None = getattr(record, "ref", None)
    number = known(getattr(record, "number", None))
    if ref is not None:
        yield Name("key", ref.key)
    if number:
        yield Name("number", number)
    for partner in getattr(record, "partner_keys", ()):
        yield Name("partner", partner)


def _spelled(name: Name, spelled: Spelling | None) -> Name:
    key = spelled(name.text) if spelled is not None and name.kind == "key" else None
    return name if key is None else Name("key", key)


def _alike(name: Name, record: Struct) -> bool:
    """Whether one is within the other, whatever the case, spaces and zeros in front."""
    text = _loose(name.text)
    return any(text in held or held in text for held in (_loose(carried.text) for carried in _carried(record)))


def _loose(text: str) -> str:
    return text.strip().casefold().lstrip("0")
