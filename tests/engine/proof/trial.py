"""One schema, executed by the engine and by graphql-core in both its ways."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from graphql import DocumentNode, GraphQLSchema, execute, execute_sync, parse, validate
from strawberry.schema import BaseSchema

from engine.dialect import PLAIN, Dialect
from engine.loom import Loom
from engine.operation import Operation, chosen, operations
from tests.engine.proof.answers import Answer, answer
from tests.engine.proof.comparing import Verdict, compare_calls, compare_with_async, compare_with_sync
from tests.engine.proof.operations import Asked
from tests.engine.proof.recording import record
from tests.engine.proof.twin import twin_of

NewDesk = Callable[[], Any]
"""Makes the context of one more execution in the same world."""

Variables = dict[str, Any]

_OPERATIONS_BETWEEN_COLLECTIONS = 500


@dataclass(frozen=True)
class Parsed:
    """An operation as both executors want it."""

    document: DocumentNode
    operation: Operation
    name: str | None

    @staticmethod
    def of(asked: Asked) -> Parsed:
        """Of an operation that is valid."""
        document = parse(asked.text)
        operation = chosen(operations(document), asked.name)
        assert isinstance(operation, Operation), operation
        return Parsed(document, operation, asked.name)


class Trial:
    """Compares operation by operation; `tally` counts what it has seen.

    `drive` runs what waits for nothing but its turn. Without it resolvers may wait for each other, as loads by key do,
    and know of each other: then the judge of order is given the engine's own answers, and the calls that are compared
    are those through graphql-core's loaders alone.
    """

    def __init__(
        self, make: Callable[[], BaseSchema], dialect: Dialect = PLAIN, *, drive: Callable[[Any], Any] | None = None
    ) -> None:
        self._runner = asyncio.Runner()
        self._alone = drive is not None
        self.schema: GraphQLSchema = make()._schema  # type: ignore[attr-defined]
        if not self._alone:
            record(self.schema)
        self.twin = twin_of(make(), drive or self.run)
        self.loom = Loom(self.schema, dialect)
        self.tally: Counter[str] = Counter()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Drive a coroutine to its end."""
        return self._runner.run(coroutine)

    def close(self) -> None:
        """End the loop that everything ran in."""
        self._runner.close()

    def share(self, what: str) -> float:
        """How much of what was tried this was."""
        return self.tally[what] / self.tally["operations"]

    def check(self, asked: Asked, new_desk: NewDesk) -> None:
        """Fail where the answers are not equal, or the engine answers another time in another way."""
        verdict = self.verdict(asked, new_desk)
        if verdict.differences:
            wrong = validate(self.schema, parse(asked.text))
            raise AssertionError(f"The operation is not valid: {wrong}" if wrong else "\n".join(verdict.differences))

    def verdict(self, asked: Asked, new_desk: NewDesk) -> Verdict:
        """What differs between the ways."""
        parsed, verdict = Parsed.of(asked), Verdict()
        desk = new_desk()
        mine = self.by_engine(parsed, asked.variables, desk)
        core = self.by_core(parsed, asked.variables, new_desk())
        compare_with_async(verdict, mine, core)
        if mine.compiled:
            compare_calls(verdict, mine, core, number=True)
            sync = self.by_sync(parsed, asked.variables, new_desk(), like=desk)
            compare_with_sync(verdict, mine, sync)
            if self._alone:
                compare_calls(verdict, mine, sync, number=False)
            self._repeat(verdict, mine, parsed, asked, new_desk)
        self._count(mine, core, verdict)
        return verdict

    def _repeat(self, verdict: Verdict, mine: Answer, parsed: Parsed, asked: Asked, new_desk: NewDesk) -> None:
        """Another client, on a plan that the first one's values went through, and the first one again."""
        if asked.others != asked.variables:
            desk = new_desk()
            other = self.by_engine(parsed, asked.others, desk)
            if other.compiled:
                compare_with_sync(verdict, other, self.by_sync(parsed, asked.others, new_desk(), like=desk))
        again = self.by_engine(parsed, asked.variables, new_desk())
        verdict.expect("another time", again, mine)

    def by_engine(self, parsed: Parsed, variables: Variables, desk: Any) -> Answer:
        """The engine's answer."""
        before = self.loom.fallbacks.total()
        result = self.run(self.loom.run(parsed.operation, desk, variables))
        return answer(result, desk, compiled=self.loom.fallbacks.total() == before)

    def by_sync(self, parsed: Parsed, variables: Variables, desk: Any, *, like: Any = None) -> Answer:
        """graphql-core's answer, one parent after the other; of another desk's answers, where that kept them."""
        if not self._alone and like is not None:
            desk.replayed = like.answers
        result = execute_sync(
            self.twin, parsed.document, context_value=desk, variable_values=variables, operation_name=parsed.name
        )
        return answer(result, desk)

    def by_core(self, parsed: Parsed, variables: Variables, desk: Any) -> Answer:
        """graphql-core's answer through the loaders."""

        async def executed() -> Answer:
            result = execute(
                self.schema, parsed.document, context_value=desk, variable_values=variables, operation_name=parsed.name
            )
            return answer(await result if isawaitable(result) else result, desk)

        told: Answer = self.run(executed())
        return told

    def _count(self, mine: Answer, core: Answer, verdict: Verdict) -> None:
        self.tally += verdict.allowed + Counter(
            {
                "operations": 1,
                "left to graphql-core": int(not mine.compiled),
                "with errors": int(bool(mine.errors)),
                "errors": len(mine.errors),
                "without data": int(mine.data is None),
                "calls": len(mine.calls),
                "calls of graphql-core": len(core.calls),
                "letters": len(mine.text),
            }
        )
        if self.tally["operations"] % _OPERATIONS_BETWEEN_COLLECTIONS == 0:
            _collect()


def _collect() -> None:
    """Let go of the coroutines that graphql-core abandoned next to a failed non-null field."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        gc.collect()


@contextmanager
def collected_between() -> Iterator[None]:
    """Nothing is collected in the midst of things, where an abandoned coroutine's warning would be an error."""
    gc.disable()
    try:
        yield
    finally:
        _collect()
        gc.enable()
