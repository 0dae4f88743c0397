"""Begins workflows from inside a transaction of ours, and looks how full a queue is: plain SQL, no engine."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from workflows.durable import APPLICATION, Started
from workflows.store.opening import in_json

INTERACTIVE: Final = 1
"""Somebody waits for it."""
BULK: Final = 100
"""Nobody does: whatever is interactive goes first."""

_ENQUEUE = text(
    "select dbos.enqueue_workflow(workflow_name => :workflow, queue_name => :queue, workflow_id => :id,"
    " positional_args => array[cast(:argument as json)], priority => :urgency, application_name => :application)"
)
_WAITING = text(
    "select count(*) from (select 1 from dbos.workflow_status where queue_name = :queue"
    " and status in ('ENQUEUED', 'DELAYED') limit :most) waiting"
)
_RUNNING = text("select 1 from dbos.workflow_status where executor_id = :executor and status = 'PENDING' limit 1")
_PARTS = text(
    "select 1 from dbos.workflow_status where parent_workflow_id = :id"
    " and status in ('PENDING', 'ENQUEUED', 'DELAYED') limit 1"
)
_STANDING = text("select workflow_uuid, status from dbos.workflow_status where workflow_uuid = any(:ids)")


async def enqueue(connection: AsyncConnection, queue: str, workflow: Started, urgency: int = INTERACTIVE) -> None:
    """Begin a workflow when this transaction is committed, and not at all if it is not. The same id again does nothing.

    It runs on the newest version that a worker ever ran.
    """
    given = {"workflow": workflow.name, "id": workflow.id, "argument": in_json(workflow.argument)}
    await connection.execute(_ENQUEUE, {**given, "queue": queue, "urgency": urgency, "application": APPLICATION})


async def waiting(connection: AsyncConnection, queue: str, most: int) -> int:
    """How many wait in the queue; never more than `most`, so that a long queue costs no more to count."""
    return int((await connection.execute(_WAITING, {"queue": queue, "most": most})).scalar_one())


async def busy(connection: AsyncConnection, executor: str) -> bool:
    """Whether a worker has anything in its hands."""
    return (await connection.execute(_RUNNING, {"executor": executor})).first() is not None


async def has_parts(connection: AsyncConnection, id: str) -> bool:
    """Whether something that a workflow gave into a queue has not ended, whatever became of the workflow itself."""
    return (await connection.execute(_PARTS, {"id": id})).first() is not None


async def standing(connection: AsyncConnection, ids: list[str]) -> dict[str, str]:
    """The engine's own words for where workflows stand; those it does not know are absent."""
    return {str(row[0]): str(row[1]) for row in await connection.execute(_STANDING, {"ids": ids})}
