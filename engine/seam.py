"""The seam: a plain function of many parents, or of one, becomes a field of a Strawberry class."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import strawberry
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from engine.contexts import Asked, Context
from engine.loading import load
from engine.marks import MARK, Batch, Derived

ContextT = TypeVar("ContextT", bound=Context[Any])
ParentT = TypeVar("ParentT")
WantedT = TypeVar("WantedT", bound=Asked)
ValueT = TypeVar("ValueT")
Arguments = ParamSpec("Arguments")
FunctionT = TypeVar("FunctionT", bound=Callable[..., object])


def batch(
    resolver: Callable[
        Concatenate[ContextT, Sequence[ParentT], WantedT, Arguments], Awaitable[Sequence[ValueT | Exception]]
    ],
    *,
    needs: Iterable[str] = (),
    reads: Callable[Concatenate[ContextT, WantedT, int, Arguments], Sequence[object]] | None = None,
    most: Callable[Concatenate[ContextT, int, Arguments], int] | None = None,
    name: str | None = None,
    description: str | None = None,
    deprecation_reason: str | None = None,
    directives: Sequence[object] = (),
) -> Any:
    """A field answered for all its parents in one call: as many answers as parents, in their order.

    An exception in an answer's place is that parent's error; a raised one is everybody's. What follows the third
    parameter are the field's arguments. `needs` names the parents' fields that the call reads, dotted where nested.
    The result is typed Any, so that the class body's annotation is the field's GraphQL type; it serves one class body,
    as Strawberry writes the attribute's name on it.

    `reads` tells what a call for so many parents will ask, without asking; it is for `engine.explain` alone, which
    passes it on as it is. `most` tells in the same way how many objects all parents together may get.
    """
    mark = Batch(_function(resolver), _names(needs), reads, most)

    async def resolve(root: object, info: Info[Any, Any], **arguments: Any) -> object:
        return await load(mark, root, info._raw_info, arguments)  # noqa: SLF001 - Strawberry offers no other way to it

    _sign(resolve, resolver, own_from=3)
    return strawberry.field(
        resolver=resolve,
        name=name,
        description=description,
        deprecation_reason=deprecation_reason,
        directives=directives,
        metadata={MARK: mark},
    )


def derived(
    function: Callable[[ParentT], ValueT],
    *,
    needs: Iterable[str] = (),
    name: str | None = None,
    description: str | None = None,
    deprecation_reason: str | None = None,
    directives: Sequence[object] = (),
) -> Any:
    """A field computed from its parent alone, at once: a pure function, no argument, no call.

    `needs` names the parent's fields that it reads, dotted where nested. Typed Any for the reason `batch` is.
    """
    mark = Derived(_function(function), _names(needs))

    def resolve(root: Any) -> object:
        return function(root)

    _sign(resolve, function, own_from=1)
    return strawberry.field(
        resolver=resolve,
        name=name,
        description=description,
        deprecation_reason=deprecation_reason,
        directives=directives,
        metadata={MARK: mark},
    )


_ROOT = inspect.Parameter("root", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=strawberry.Parent[object])
_INFO = inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Info)


def _sign(resolve: Callable[..., Any], function: Callable[..., Any], *, own_from: int) -> None:
    """Give Strawberry the function's own parameters to read, as arguments of the field."""
    head = [_ROOT, _INFO] if own_from > 1 else [_ROOT]
    theirs = list(inspect.signature(function).parameters.values())[own_from:]
    parameters = [*head, *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in theirs)]
    resolve.__dict__["__signature__"] = inspect.Signature(parameters)
    resolve.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    resolve.__module__ = function.__module__  # annotations are text, and mean what they mean where they were written


def _function(given: FunctionT) -> FunctionT:
    if isinstance(given, StrawberryField):
        # Inside a class body a field of the same name hides the function outside it.
        raise TypeError("A field of this class has the function's name and hides it; call the function something else.")
    return given


def _names(needs: Iterable[str]) -> tuple[str, ...]:
    if isinstance(needs, str):
        raise TypeError(f"needs takes several names, not the one string {needs!r}.")
    return tuple(needs)
