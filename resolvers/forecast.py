"""What an operation will ask the systems, put together from what each of its fields says beforehand."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from sources.kit.forecast import Calls, CallsOf, Need


class Shared(Enum):
    """Whose asks of one load go together, since a record is loaded once an operation.

    SAME_KEYS: of fields whose objects one step brought; they name the same records. SAME_TURN: of fields of the very
    same objects, which are asked at the same time; each names records of its own. OPERATION: of everybody.
    """

    SAME_KEYS = "same keys"
    SAME_TURN = "same turn"
    OPERATION = "operation"


class Ask(Struct, frozen=True, kw_only=True):
    """What one field asks one system in one turn of its work: `times` as a rule, `most` where records are odd.

    `load` names the load that it goes through, if any, and `shared` who else goes along.
    """

    system: str
    needs: tuple[Need, ...]
    times: int = 1
    most: int = 1
    load: str | None = None
    shared: Shared = Shared.SAME_TURN


class Asking(Struct, frozen=True):
    """One field's asks; `group` and `home` tell which others have the same objects, and what step brought them."""

    asks: Sequence[Ask]
    group: Hashable
    home: Hashable


class Line(Struct, frozen=True):
    """One ask in the sum; `along`: the number of the earlier field whose calls bring this too, at no cost here."""

    ask: Ask
    calls: Calls = Calls()
    along: int | None = None


def add_up(fields: Sequence[Asking], calls_of: CallsOf) -> list[list[Line]]:
    """The lines of each field, in order; asks that go together are counted where the first of them stands."""
    keyed = [
        [(_together(ask, field, (number, place)), ask) for place, ask in enumerate(field.asks)]
        for number, field in enumerate(fields)
    ]
    whole: dict[Hashable, Ask] = {}
    for key, ask in (pair for held in keyed for pair in held):
        whole[key] = _merged(whole[key], ask) if key in whole else ask
    first: dict[Hashable, int] = {}
    return [
        [_line(number, key, ask, whole[key], first, calls_of) for key, ask in held] for number, held in enumerate(keyed)
    ]


def _line(number: int, key: Hashable, ask: Ask, whole: Ask, first: dict[Hashable, int], calls_of: CallsOf) -> Line:
    if key in first:
        return Line(ask, along=first[key])
    first[key] = number
    return Line(whole, calls_of(whole.system, whole.needs).times(whole.times, whole.most))


def _together(ask: Ask, field: Asking, alone: Hashable) -> Hashable:
    """The same for asks that go together, and nobody else's."""
    if ask.load is None:
        return alone
    place = {Shared.SAME_KEYS: field.home, Shared.SAME_TURN: field.group, Shared.OPERATION: None}[ask.shared]
    return (ask.system, ask.load, ask.shared, place)


def _merged(one: Ask, other: Ask) -> Ask:
    """Both as one ask: other keys are more keys; of the same keys nobody knows more than whoever counts fewest."""
    add = one.shared is Shared.SAME_TURN
    needs = tuple(_joined(a, b, add=add) for a, b in zip(one.needs, other.needs, strict=True))
    return replace(one, needs=needs, times=max(one.times, other.times), most=max(one.most, other.most))


def _joined(one: Need, other: Need, *, add: bool) -> Need:
    def both(a: int, b: int) -> int:
        return a + b if add else min(a, b)

    return replace(
        one,
        keys=both(one.keys, other.keys),
        partner_keys=both(one.partner_keys, other.partner_keys),
        numbers=both(one.numbers, other.numbers),
        wanted=one.wanted if one.wanted == other.wanted else one.wanted | other.wanted,
    )
