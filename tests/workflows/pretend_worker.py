"""A real worker process over pretend systems: `python -m tests.workflows.pretend_worker`, told by WORKER in JSON."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass, field, replace

import msgspec

from sources.catalog import Sources
from sources.landscape import Landscape, Secret
from sources.landscape_events import EventRules, Receiver
from sources.landscape_rules import OrderRules, Rules
from tests.fakes.receiver import SECRET
from tests.fakes.remote import RemoteCrm, RemoteErp
from tests.workflows.house import settling
from workflows.takeover import Timings
from workflows.worker import WorkerSettings, run
from workflows.workshop import Pace


@dataclass(frozen=True)
class Told:
    """What a test tells its workers."""

    url: str
    systems: str
    settle: float = 10.0
    version: str = "1"
    timings: Timings = field(default_factory=lambda: Timings(0.1, 1.5, 2.0, 3.0))
    pace: Pace = field(
        default_factory=lambda: Pace(look_every=0.1, certain_within=1.0, resume_after=0.4, first_wait=0.05, write=3.0)
    )
    at_once: int = 100
    upkeep_every: float = 0.5
    finish_within: int = 5
    receiver: str | None = None
    """Where a receiver of its landscape is told of events."""
    receiver_seconds: float = 1.0


def main() -> None:
    told = msgspec.json.decode(os.environ["WORKER"], type=Told)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(process)d %(message)s")

    def opened(_: Landscape) -> Sources:
        erps = [RemoteErp(name, told.systems) for name in ("erp-eu", "erp-us")]
        return Sources({one.name: one for one in [RemoteCrm("crm", told.systems), *erps]})

    settings = WorkerSettings(
        url=told.url,
        version=told.version,
        polling=0.05,
        connections=5,
        finish_within=told.finish_within,
        timings=told.timings,
        pace=told.pace,
        at_once=told.at_once,
        upkeep_every=told.upkeep_every,
        open=opened,
    )
    ready = lambda: print("READY", flush=True)  # noqa: E731, T201 - a line for whoever started us
    given = settling(told.settle, Rules(OrderRules(register_in_crm=False)))
    if told.receiver:
        receiver = Receiver("billing", told.receiver, {"secret": Secret(SECRET)}, timeout_seconds=told.receiver_seconds)
        given = replace(given, events=EventRules(receivers=(receiver,)))
    run(settings, given, ready)


if __name__ == "__main__":
    main()
