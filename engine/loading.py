"""graphql-core's way to a batch: one loader per field and operation, so that one call answers a level."""

from __future__ import annotations

from asyncio import Future, wait
from collections.abc import Mapping, Sequence
from typing import Any

from aiodataloader import DataLoader
from graphql import GraphQLResolveInfo, OperationType, get_named_type
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues
from strawberry.types.nodes import get_variable_values

from engine.contexts import Context
from engine.marks import Batch, wrong_count
from engine.wants import Wants


async def load(mark: Batch, parent: object, info: GraphQLResolveInfo[Any], arguments: Mapping[str, Any]) -> object:
    """One parent's answer, from the call that answers all parents of the field. Raises what the resolver put there."""
    context: Context[Any] = info.context
    learn(info)
    if info.path.prev is None:  # a root field has one parent, often None, which a loader refuses
        if info.operation.operation is OperationType.MUTATION:
            context.loaders.clear()  # what was loaded before may be another by now
        [answer] = await _ask(mark, info, arguments, [parent])
        if isinstance(answer, Exception):
            raise answer
        return answer
    context.kept.append(parent)  # the loader knows a parent by its identity, which is free again when the parent dies
    return await _undisturbed(_loader(mark, info, arguments).load(parent))


async def _undisturbed(answer: Future[Any]) -> object:
    """graphql-core cancels the neighbours of a field that fails; an answer that others wait for does not go with them.

    `shield` would do, too, but logs the error of an answer that nobody waits for any more.
    """
    answer.add_done_callback(_seen)
    await wait([answer])
    return answer.result()


def _seen(answer: Future[Any]) -> None:
    if not answer.cancelled():
        answer.exception()


def learn(info: GraphQLResolveInfo[Any]) -> Wants:
    """The operation's trees. At its first call for an operation, the context learns them.

    Raises RuntimeError where a context is used for a second operation: its loaders would mix the two.
    """
    context: Context[Any] = info.context
    if not context.kept:
        wants = _wants(info)
        context.kept.append(wants)
        context.learn({name: context.wanted(tree) for name, tree in wants.by_type().items()})
    held = context.kept[0]
    if not isinstance(held, Wants) or held.node is not info.operation:
        raise RuntimeError(ONE_OPERATION)
    return held


ONE_OPERATION = "A context serves one operation; this one was used before."


def _wants(info: GraphQLResolveInfo[Any]) -> Wants:
    fragments = {name: FragmentDetails(node) for name, node in info.fragments.items()}
    # Strawberry hands resolvers the coerced values alone; graphql-core's collection asks for its own container.
    return Wants(info.schema, info.operation, fragments, VariableValues({}, get_variable_values(info)))


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
        return [wrong_count(mark, len(answers), len(parents), info.parent_type.name)] * len(parents)
    return list(answers)
