"""A context that notes what it learns and is answered, and knows its own questions among all of a system's."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from canonical.wanted import Wanted
from resolvers.context import Context
from tests.engine.proof.recording import Key
from tests.fakes.systems import FakeSystem


@dataclass(frozen=True)
class Question:
    """What one system was asked. Systems know nothing of parents and of root fields."""

    system: str
    what: str
    wanted: Wanted
    distinct: bool = True
    from_root: bool = False

    @property
    def question(self) -> tuple[Hashable, ...]:
        return self.system, self.what, self.wanted

    @property
    def parents(self) -> Sequence[Hashable]:
        return [self.system]


@dataclass(slots=True)
class Noting(Context):
    """One operation's context."""

    learned: list[Mapping[str, Wanted]] = field(default_factory=list)
    answers: dict[Key, tuple[Any, Any]] = field(default_factory=dict)
    replayed: Mapping[Key, tuple[Any, Any]] = field(default_factory=dict)

    def learn(self, wants: Mapping[str, Wanted]) -> None:
        self.learned.append(dict(wants))
        Context.learn(self, wants)

    @property
    def calls(self) -> Sequence[Question]:
        return [
            Question(system.name, asked.what, asked.wanted)
            for system in self.systems.by_name.values()
            if isinstance(system, FakeSystem)
            for asked in system.asked
            if asked.call is self.call
        ]
