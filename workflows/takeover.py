"""A worker's life: others see that it lives, it ends itself when they could not, and takes over from the dead.

Every worker starts under an id that was never used, on one session of its own that holds an advisory lock and writes a
heartbeat. Whose heartbeat does not get through for WATCH ends itself; whose heartbeat is older than GRACE and whose
lock is free is dead, and its workflows go back into their queues. WATCH < GRACE is what makes that safe: the server
frees a lock the moment a session breaks, before the worker knows. A worker that is frozen keeps its lock: after HARD
its sessions are ended for it, and it ends itself when it wakes.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, NoReturn
from uuid import uuid4

import psycopg

log = logging.getLogger(__name__)

LOCKS: Final = 0x5256
"""The class of the advisory locks; the lock is the worker's row."""
LOST: Final = 70
"""The code that a worker ends with when it could not say that it lives."""

# A connection that is cut must not look open for minutes; a unix socket ignores these.
_ALIVE: dict[str, Any] = {
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 3000,
}
_OPTIONS: Final = (
    "-c statement_timeout={} -c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=5000 -c timezone=UTC"
)

_BEGIN: Final = (
    "insert into worker (executor_id, version, host, os_pid, backend_pid) values (%s, %s, %s, %s, pg_backend_pid())"
    " returning id"
)
_BEAT: Final = "update worker set heartbeat_at = clock_timestamp() where id = %s"
_END: Final = "update worker set ended_at = clock_timestamp(), heartbeat_at = '-infinity' where id = %s"
_DEAD: Final = (
    "select w.id, w.executor_id from worker w where w.version = %s and w.id <> %s"
    " and w.heartbeat_at < clock_timestamp() - make_interval(secs => %s) and exists (select 1 from"
    " dbos.workflow_status s where s.executor_id = w.executor_id and s.status = 'PENDING')"
)
_FROZEN: Final = (
    "select w.executor_id from worker w join pg_locks l on l.locktype = 'advisory' and l.classid = %s"
    " and l.objid = w.id and l.granted and l.pid = w.backend_pid"
    " where w.heartbeat_at < clock_timestamp() - make_interval(secs => %s)"
)
_FORGIVEN: Final = (
    "update dbos.workflow_status w set recovery_attempts = w.recovery_attempts - 1 where w.executor_id = %s"
    " and w.status = 'PENDING' and w.recovery_attempts > 0 and exists (select 1 from dbos.workflow_status other"
    " where other.parent_workflow_id = w.workflow_uuid and other.status in ('PENDING', 'ENQUEUED', 'DELAYED'))"
)
"""What waits for another workflow did not end its worker: that death is not counted towards its being poison."""
_END_SESSIONS: Final = "select pg_terminate_backend(pid, 1000) from pg_stat_activity where application_name = %s"


@dataclass(frozen=True, slots=True)
class Timings:
    """In seconds: how often a heartbeat is written, and the three limits above."""

    heartbeat: float = 1.0
    watch: float = 4.0
    grace: float = 6.0
    hard: float = 9.0

    def __post_init__(self) -> None:
        """Refuse limits that are not safe."""
        if not self.heartbeat < self.watch < self.grace < self.hard:
            raise ValueError("A worker must end itself before another takes over: heartbeat < watch < grace < hard.")


def new_executor() -> str:
    """An id that was never used and never will be again."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid4().hex[:12]}"


def die(reason: str) -> NoReturn:
    """End the process at once: whatever still runs in it may be somebody else's already."""
    sys.stderr.write(f"This worker ends itself: {reason}\n")
    sys.stderr.flush()
    os._exit(LOST)


class Life:
    """One worker's life. Begun before it takes any work, and over after it has let go of all of it."""

    def __init__(
        self,
        url: str,
        executor: str,
        version: str,
        recover: Callable[[str], int],
        timings: Timings = Timings(),
        end: Callable[[str], object] = die,
    ) -> None:
        """Connect, and hold the lock. `recover` puts a dead executor's work back into its queues."""
        self.url, self.executor, self.version, self.timings = url, executor, version, timings
        self._recover, self._die = recover, end
        self._over = threading.Event()
        self._heard = monotonic()
        self._session = self._connect(2000)
        row = self._session.execute(_BEGIN, (executor, version, socket.gethostname(), os.getpid())).fetchone()
        self.id = int(row[0]) if row else 0
        if self._session.execute("select pg_try_advisory_lock(%s, %s)", (LOCKS, self.id)).fetchone() != (True,):
            raise RuntimeError(f"The lock of worker {self.id} is taken, which cannot be.")

    def start(self) -> None:
        """Let others see that it lives, watch that they can, and take over from the dead."""
        for run in (self._beat, self._watch, self._reap):
            threading.Thread(target=run, name=run.__name__.strip("_"), daemon=True).start()

    def end(self) -> None:
        """It has let go of its work: what is left over is anybody's at once."""
        self._over.set()
        try:
            self._session.execute(_END, (self.id,))
            self._session.close()
        except psycopg.Error as error:
            log.warning("The end could not be written down, so others wait for the grace: %s", error)

    def _connect(self, milliseconds: int) -> psycopg.Connection[Any]:
        options = _OPTIONS.format(milliseconds)
        name = self.executor
        return psycopg.connect(
            self.url, autocommit=True, connect_timeout=3, options=options, application_name=name, **_ALIVE
        )

    def _beat(self) -> None:
        while not self._over.is_set():
            before = monotonic()
            try:
                self._session.execute(_BEAT, (self.id,))
            except psycopg.Error as error:
                # The session is gone and with it the lock: never again under this id.
                if not self._over.is_set():
                    self._die(f"its heartbeat failed ({type(error).__name__})")
                return
            self._heard = before
            self._over.wait(self.timings.heartbeat)

    def _watch(self) -> None:
        while not self._over.wait(min(0.1, self.timings.heartbeat)):
            if monotonic() - self._heard > self.timings.watch:
                self._die(f"no heartbeat got through for {self.timings.watch:g} seconds")
                return

    def _reap(self) -> None:
        while not self._over.wait(self.timings.heartbeat):
            try:
                with self._connect(5000) as session:
                    self._end_frozen(session)
                    self._take_over(session)
            except psycopg.Error as error:
                log.warning("Looking for dead workers failed, and is tried again: %s", error)

    def _end_frozen(self, session: psycopg.Connection[Any]) -> None:
        for (executor,) in session.execute(_FROZEN, (LOCKS, self.timings.hard)).fetchall():
            log.warning("Worker %s is frozen: its sessions are ended", executor)
            session.execute(_END_SESSIONS, (executor,))

    def _take_over(self, session: psycopg.Connection[Any]) -> None:
        dead = session.execute(_DEAD, (self.version, self.id, self.timings.grace)).fetchall()
        for number, executor in dead:
            with session.transaction():
                free = session.execute("select pg_try_advisory_xact_lock(%s, %s)", (LOCKS, number)).fetchone()
                if free != (True,):
                    continue
                # A machine that was cut off may have left transactions open, and what they lock keeps others waiting.
                session.execute(_END_SESSIONS, (executor,))
                self._forgive(executor)
                count = self._recover(executor)
                row = (executor, self.executor, count)
                session.execute("insert into takeover (dead, taken_by, workflows) values (%s, %s, %s)", row)
            log.warning("Worker %s is dead: %d of its workflows go on elsewhere", executor, count)

    def _forgive(self, executor: str) -> None:
        # On a session of its own: the recovery changes the same rows, and must not wait for us.
        with self._connect(5000) as session:
            session.execute(_FORGIVEN, (executor,))
