"""What an operator may do to runs by hand: look, stop, and begin again from a step. Never under another id.

A workflow's ids and references are in the ledger, so a run that begins again books nothing twice. To begin it under a
new id (the engine calls that a fork) would.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbos import DBOSClient
from msgspec import Struct

from workflows.durable import APPLICATION


class Run(Struct, frozen=True, kw_only=True):
    """One run of a workflow: the engine's word for where it stands, the version it is bound to, and who has it."""

    id: str
    name: str
    status: str
    version: str | None
    executor: str | None


class Operator:
    """One operator's hold on the engine; for a command or a test, not for a gateway."""

    def __init__(self, url: str) -> None:
        """Connect to the migrated store."""
        self._client = DBOSClient(system_database_url=url, application_name=APPLICATION, system_database_pool_size=2)

    def list_runs(self, statuses: Sequence[str] = ("PENDING", "ENQUEUED"), version: str | None = None) -> list[Run]:
        """Runs in these states, the oldest first; at most a thousand."""
        found = self._client.list_workflows(status=list(statuses), app_version=version, limit=1000, load_input=False)
        return [
            Run(
                id=one.workflow_id,
                name=one.name,
                status=one.status,
                version=one.app_version,
                executor=one.executor_id,
            )
            for one in found
        ]

    def cancel(self, id: str) -> None:
        """Stop a run at its next step. Its submission is taken up again by the schedule unless it is resolved."""
        self._client.cancel_workflow(id)

    def rewind(self, id: str, from_step: int = 1, version: str | None = None) -> None:
        """Begin a run that has ended or was stopped again from a step, under its own id, on a version if one is named.

        Steps before it keep their values. Safe from any step: what is written is looked up by its reference first.
        """
        self._client.rewind_workflow(id, start_step=from_step, application_version=version)

    def close(self) -> None:
        """Give the connections back."""
        self._client.destroy()
