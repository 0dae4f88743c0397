"""graphql-core's way to a batch: one loader per field and operation, so that one call answers a level."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any, Protocol, TypeVar

from aiodataloader import DataLoader
from graphql import GraphQLResolveInfo, get_named_type

from engine.marks import Batch
from engine.wants import Operation, Tree


class Asked(Protocol):
    """What a resolver is told to read: a tree of names, built through the context; the engine looks no deeper."""

    def names(self) -> Iterator[str]:
        """The fields read at this level."""

    def below(self, name: str, /) -> Asked:
        """What is read below one of them."""


WantedT_co = TypeVar("WantedT_co", bound=Asked, covariant=True)


class Context(Protocol[WantedT_co]):
    """What the engine needs of an operation's context; each operation has its own."""

    @property
    def loaders(self) -> MutableMapping[Hashable, Any]:
        """The loaders of this operation. Empty at first; other keys than the engine's may live beside them."""

    @property
    def kept(self) -> MutableSequence[Any]:
        """What has to live as long as the operation. Empty at first; the engine's alone."""

    def wanted(self, tree: Tree, /) -> WantedT_co:
        """The resolvers' own form of a tree."""

    def learn(self, wants: Mapping[str, Tree], /) -> None:
        """Told once, before the first resolver is called: all that the operation reads, by GraphQL object type."""


async def load(mark: Batch, parent: object, info: GraphQLResolveInfo[Any], arguments: Mapping[str, Any]) -> object:
    """One parent's answer, from the call that answers all parents of the field. Raises what the resolver put there."""
    context: Context[Any] = info.context
    learn(info)
    if info.path.prev is None:  # a root field has one parent, often None, which a loader refuses
        [answer] = await _ask(mark, info, arguments, [parent])
        if isinstance(answer, Exception):
            raise answer
        return answer
    context.kept.append(parent)  # the loader knows a parent by its identity, which is free again when the parent dies
    return await _loader(mark, info, arguments).load(parent)


def learn(info: GraphQLResolveInfo[Any]) -> Operation:
    """The operation's trees. At its first call for an operation, the context learns them.

    Raises RuntimeError where a context is used for a second operation: its loaders would mix the two.
    """
    context: Context[Any] = info.context
    if not context.kept:
        operation = Operation(info)
        context.kept.append(operation)
        context.learn(operation.by_type())
    held = context.kept[0]
    if not isinstance(held, Operation) or held.node is not info.operation:
        raise RuntimeError("A context serves one operation; this one was used before.")
    return held


def _loader(mark: Batch, info: GraphQLResolveInfo[Any], arguments: Mapping[str, Any]) -> DataLoader[object, Any]:
    loaders = info.context.loaders
    # The nodes stand for the field, its alias and its arguments: variables do not change within an operation.
    key = (info.parent_type.name, *map(id, info.field_nodes))
    loader: DataLoader[object, Any] | None = loaders.get(key)
    if loader is None:

        async def load_many(parents: list[object]) -> list[Any]:
            return await _ask(mark, info, arguments, parents)

        loader = loaders[key] = DataLoader(load_many, get_cache_key=id)
    return loader


async def _ask(
    mark: Batch, info: GraphQLResolveInfo[Any], arguments: Mapping[str, Any], parents: Sequence[object]
) -> list[Any]:
    wanted = info.context.wanted(learn(info).below(get_named_type(info.return_type), info.field_nodes))
    try:
        answers = await mark.resolver(info.context, parents, wanted, **arguments)
    except Exception as error:  # noqa: BLE001 - what the call raises is the answer of each of its parents
        return [error] * len(parents)
    if len(answers) != len(parents):
        name = getattr(mark.resolver, "__qualname__", repr(mark.resolver))
        wrong = RuntimeError(
            f"{name} gave {len(answers)} answers for {len(parents)} parents of {info.parent_type.name}."
        )
        return [wrong] * len(parents)
    return list(answers)
