"""The rules of equality, and the few allowances that the engine is given; each use of one is counted.

Pruned: below a list that one bad item makes null, the engine makes no calls for the good items. Errors that
graphql-core reports inside that list are then absent, or those of a later item stand in their place.
Breadth: where an error nulls more than its own place, the engine has called its neighbours before, and graphql-core has
not, or the other way round.
Doomed: where the arguments of a non-null root field are wrong, nothing is called at all, so nothing before it can fail.
Apart: graphql-core's loaders put the places of a fragment together that are reached at the same moment; to the engine
two places are two calls.
Listed meanwhile: what a list of the same operation is about to tell may be asked for by key before the list answers;
which comes first is a matter of steps of the loop, in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from tests.engine.proof.answers import Answer, Path, Told


@dataclass
class Verdict:
    """What differs, in words, and what was allowed to differ."""

    differences: list[str] = field(default_factory=list)
    allowed: Counter[str] = field(default_factory=Counter)

    def expect(self, what: str, mine: object, theirs: object) -> None:
        """Two things that have to be equal."""
        if mine != theirs:
            self.differences.append(f"{what}\n    mine    {mine}\n    theirs  {theirs}")

    def expect_but(self, allowance: str | None, what: str, mine: object, theirs: object) -> None:
        """Two things that have to be equal unless there is an allowance."""
        if mine != theirs and allowance:
            self.allowed[allowance] += 1
        else:
            self.expect(what, mine, theirs)


def compare_with_sync(verdict: Verdict, mine: Answer, sync: Answer) -> None:
    """Data, the order of keys, and every error in its order."""
    verdict.expect("data", mine.text, sync.text)
    allowance = "doomed" if _is_doomed(mine, sync) else "pruned errors" if _is_pruned(mine, sync) else None
    verdict.expect_but(allowance, "errors", list(mine.errors), list(sync.errors))


def compare_with_async(verdict: Verdict, mine: Answer, core: Answer) -> None:
    """Data, the order of keys, and the places of errors: the order of graphql-core's own hangs on timing."""
    verdict.expect("data of async", mine.text, core.text)
    places, theirs = mine.positions(), core.positions()
    verdict.expect("places of errors of async", set(places), set(theirs))
    for place in places.keys() & theirs.keys():
        if _is_own(place, places[place]) and _is_own(place, theirs[place]):
            verdict.expect("error of async", places[place], theirs[place])


def compare_calls(verdict: Verdict, mine: Answer, other: Answer, *, number: bool) -> None:
    """The same questions for the same parents, those of root fields in the same order; if asked, in no more calls."""
    allowance = "calls, where a parent is null" if mine.takes_more_than_its_place() else None
    asked, theirs = _asked(mine), _asked(other)
    meanwhile = _are_listed_meanwhile({call.question for call in mine.calls}, (asked ^ theirs))
    allowance = allowance or meanwhile
    verdict.expect_but(allowance, "questions that only one of both asked", asked - theirs, theirs - asked)
    verdict.expect_but(allowance, "calls of root fields", _from_root(mine), _from_root(other))
    verdict.expect("parents that were there twice", [call for call in mine.calls if not call.distinct], [])
    if number and len(mine.calls) > len(other.calls):
        apart = len({call.question for call in mine.calls}) <= len(other.calls)
        more = "asked apart" if apart else allowance and f"more {allowance}"
        verdict.expect_but(more, "more calls", [call.question for call in mine.calls], len(other.calls))
    if mine.learned and other.learned:
        verdict.expect("what was learned", mine.learned, other.learned)


def _asked(answer: Answer) -> set[Hashable]:
    return {(*call.question, parent) for call in answer.calls for parent in call.parents}


def _are_listed_meanwhile(asked: set[tuple[Hashable, ...]], differing: set[Hashable]) -> str | None:
    lists = {question[:2] for question in asked}
    loads = [question[:2] for question in differing if isinstance(question, tuple)]
    found = bool(loads) and all((system, str(port).replace("fetch_", "list_", 1)) in lists for system, port in loads)
    return "calls, for what was listed meanwhile" if found else None


def _from_root(answer: Answer) -> list[Hashable]:
    return [call.question for call in answer.calls if call.from_root]


def _is_own(place: Path, errors: list[Told]) -> bool:
    return len(errors) == 1 and errors[0].path == place


def _is_doomed(mine: Answer, sync: Answer) -> bool:
    """Whether the engine called nothing, and told the one error of a root field that makes everything null."""
    if mine.data is not None or mine.calls:
        return False
    # A resolver may fail before it asks anybody.
    told = mine.errors[:-1] if sync.calls else mine.errors
    return len(mine.errors[-1].path) == 1 and {*told} <= {*sync.errors}


def _is_pruned(mine: Answer, sync: Answer) -> bool:
    """Whether errors differ only inside lists that are null anyway, where graphql-core asked more, or wrongly."""
    differing = {*mine.errors} ^ {*sync.errors}
    asked_more = bool(_asked(sync) - _asked(mine)) or any(map(_is_of_arguments, differing))
    # What was not asked there may have been asked for the same thing elsewhere in the answer.
    untold = asked_more or all(_is_beside_a_bad_item(mine, error) for error in differing)
    if not untold or mine.positions().keys() != sync.positions().keys():
        return False
    inside = all(any(isinstance(step, int) for step in mine.lost(error)) for error in differing)
    return inside and _without(mine, differing) == _without(sync, differing)


def _is_beside_a_bad_item(mine: Answer, error: Told) -> bool:
    bad = [told.path for told in mine.errors if isinstance(told.path[-1], int) and mine.lost(told)]
    same_list = [path for path in bad if error.path[: len(path) - 1] == path[:-1] and len(error.path) > len(path)]
    return error not in mine.errors and any(error.path[len(path) - 1] != path[-1] for path in same_list)


def _is_of_arguments(error: Told) -> bool:
    return error.message.startswith(("Argument ", "OneOf Input Object ", "Value for member field "))


def _without(answer: Answer, errors: set[Told]) -> list[Told]:
    return [error for error in answer.errors if error not in errors]
