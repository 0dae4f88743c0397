"""The durable engine itself, in a worker: DBOS on the store's own database."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

import msgspec
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions, WorkflowHandleAsync

from workflows.durable import APPLICATION, SHAPE, SUBMISSIONS, Durable, Started, Work, queue_of
from workflows.durable.awaiting import Awaiting

T = TypeVar("T")

Workflow = Callable[[str], Awaitable[object]]
"""What is run durably: it is given one word, and reads everything else from the store."""

LOOK_EVERY = 0.15
"""Seconds between two looks at the workflows that others wait for."""
ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
MOST_RUNS = 25
"""How often a workflow is taken up again before it is taken for poison. Each death of a worker counts."""


@dataclass(frozen=True, slots=True)
class Queue:
    """How fast a queue is worked off. `together`: at once over all workers; `each`: at once in one of them."""

    name: str
    together: int | None = None
    each: int | None = None
    per_minute: int | None = None


def queues_of(writes: Mapping[str, tuple[int, int | None]], at_once: int) -> list[Queue]:
    """The queue of submissions, and one for each system: its writes at once, and how many begin in a minute."""
    of_systems = [Queue(queue_of(name), together, None, rate) for name, (together, rate) in writes.items()]
    # A submission waits for its systems' queues and costs little meanwhile: a slow system must not keep others out.
    return [Queue(SUBMISSIONS, each=at_once), *of_systems]


class LetGo(BaseException):
    """The worker has let go of this run: it goes on elsewhere, and must not be taken for failed here."""


class Engine(Durable):
    """One worker's engine. Built, given its workflows, launched and closed on one event loop."""

    def __init__(self, url: str, executor: str, version: str = SHAPE, connections: int = 8) -> None:
        """Keep what it is told; nothing runs yet. `executor` is never used twice."""
        self.executor, self.version, self._closing = executor, version, False
        self._let_go_at: float | None = None
        self._awaiting = Awaiting(_ended, LOOK_EVERY)
        logging.getLogger("dbos").setLevel(logging.ERROR)
        self._dbos = DBOS(
            config=DBOSConfig(
                name=APPLICATION,
                system_database_url=url,
                executor_id=executor,
                application_version=version,
                sys_db_pool_size=connections,
                serializer=DBOSPortableJSONSerializer(),
                # By this name the sessions of a frozen worker are found and ended: what they lock keeps others waiting.
                db_engine_kwargs={"connect_args": {"application_name": executor}},
                run_migrations=False,
                log_level="ERROR",
                enable_otlp=False,
            )
        )

    def workflow(self, name: str, run: Workflow) -> None:
        """Let it be run by this name. Its answer is kept as JSON."""

        async def kept(argument: str) -> object:
            return msgspec.to_builtins(await run(argument))

        DBOS.workflow(name=name, max_recovery_attempts=MOST_RUNS)(kept)

    async def launch(self, queues: list[Queue], polling_seconds: float) -> None:
        """Begin to run what waits in the queues; the database must be migrated."""
        DBOS.launch()
        for queue in queues:
            limiter = {"limit": queue.per_minute, "period": 60.0} if queue.per_minute else None
            await DBOS.register_queue_async(
                queue.name,
                global_concurrency=queue.together,
                worker_concurrency=queue.each,
                limiter=limiter,  # type: ignore[arg-type]
                polling_interval_sec=polling_seconds,
            )

    def take_nothing_new(self) -> None:
        """Begin nothing that waits in a queue any more; what runs goes on. Harmless to repeat."""
        # What closing it does first, too; it has no other way to be asked for that.
        for event in self._dbos.background_thread_stop_events:
            event.set()
        self._let_go_at = monotonic() if self._let_go_at is None else self._let_go_at

    def close(self, seconds: int) -> None:
        """Take nothing new, give what runs so many seconds since it took something last, and end.

        Called from a thread that is not the loop's.
        """
        self.take_nothing_new()
        self._closing = True
        gone = monotonic() - (self._let_go_at or 0.0)
        DBOS.destroy(workflow_completion_timeout_sec=max(0, round(seconds - gone)))

    async def step(self, name: str, kind: type[T], work: Work[T]) -> T:
        """As promised."""

        async def kept() -> str:
            # As text: the engine's own JSON knows fewer kinds of values than ours.
            return msgspec.json.encode(await work()).decode()

        return msgspec.json.decode(await self._ours(DBOS.run_step_async({"name": name}, kept)), type=kind)

    async def sleep(self, seconds: float) -> None:
        """As promised."""
        await self._ours(DBOS.sleep_async(seconds))

    async def patched(self, change: str) -> bool:
        """As promised."""
        return await self._ours(DBOS.patch_async(change))

    async def through_queue(self, queue: str, workflow: Started, urgency: int, kind: type[T]) -> T:
        """As promised; it runs on this version."""
        options = EnqueueOptions(
            workflow_name=workflow.name,
            queue_name=queue,
            workflow_id=workflow.id,
            priority=urgency,
            app_version=self.version,
        )
        begun = DBOS.enqueue_workflow_with_options_async(options, workflow.argument)
        handle: WorkflowHandleAsync[object] = await self._ours(begun)
        await self._ours(self._awaiting.ended(workflow.id))
        return msgspec.convert(await self._ours(handle.get_result(polling_interval_sec=LOOK_EVERY)), kind)

    async def _ours(self, promised: Coroutine[Any, Any, T]) -> T:
        """What the engine answers; LetGo, which no workflow catches, when it is closing and cannot answer any more."""
        try:
            return await promised
        except Exception as error:
            if self._closing:
                raise LetGo from error
            raise

    async def forget(self, days: int) -> int:
        """As promised, a thousand at a time."""
        until = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        ended = await DBOS.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=until,
            limit=1000,
            load_input=False,
            load_output=False,
        )
        if ended:
            await DBOS.delete_workflows_async([one.workflow_id for one in ended])
        return len(ended)


async def _ended(ids: Sequence[str]) -> Collection[str]:
    """Those of the workflows that have ended."""
    found = await DBOS.list_workflows_async(workflow_ids=list(ids), status=ENDED, load_input=False, load_output=False)
    return [one.workflow_id for one in found]


def recover(executor: str) -> int:
    """Put a dead executor's running workflows back into their queues; how many they were. Harmless to repeat.

    Private to the engine in its version 3.4: there is no public call that keeps the guard against a second recovery.
    Only workflows of this worker's own version are touched.
    """
    return len(DBOS._recover_pending_workflows([executor]))  # noqa: SLF001 - see above
