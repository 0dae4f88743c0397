"""Opens the company's sandboxes by vendor folder, told the story once and kept in files for the next start."""

from __future__ import annotations

import gc
import json
import multiprocessing
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import cast

from sandbox.chronicle import Chronicle, forget
from sandbox.company import Company, System, company
from sandbox.highlights import Highlight, highlights
from sandbox.landscape import replace_file
from sandbox.story import tell_story
from sources.kit.sandbox.contract import OpenSandbox, Sandbox
from sources.kit.sandbox.story import Story

_MARK = "told.json"


@dataclass(frozen=True)
class Tale:
    """Which story is told: its seed and size. The story itself is told when somebody asks for it."""

    profile: str | None = None
    seed: int = 7
    deals: int = 2000
    buyers: int = 200

    @cached_property
    def story(self) -> Story:
        """The story; the first reader waits for it about a second."""
        return tell_story(self.seed, deals=self.deals, buyers=self.buyers, profile=self.profile)

    def print(self, systems: Sequence[System]) -> str:
        """A fingerprint of this tale and of all code that tells it."""
        digest = sha256(repr((self.profile, self.seed, self.deals, self.buyers)).encode())
        kinds = sorted({system.kind for system in systems})
        modules = ["sandbox", "sources.kit.sandbox", *(f"sources.{kind}.sandbox" for kind in kinds)]
        for place in (Path(next(iter(import_module(name).__path__))) for name in modules):
            for file in sorted([*place.rglob("*.py"), *place.glob("*.toml")]):
                digest.update(file.read_bytes())
        return digest.hexdigest()


@dataclass
class Opened:
    """The sandboxes by system, what happened since the tale was told, and the five orders to begin with."""

    company: Company
    tale: Tale
    sandboxes: Mapping[str, Sandbox]
    chronicle: Chronicle
    orders: list[Highlight] = field(default_factory=list)

    def close(self) -> None:
        """Let go of every file; nothing here is of use afterwards."""
        self.chronicle.close()
        for sandbox in self.sandboxes.values():
            sandbox.close()


def open_all(tale: Tale, state: Path, *, side_by_side: bool = False) -> Opened:
    """Every system of the tale's profile that is a sandbox of ours, told the tale unless its files say it was told.

    ValueError for a tale that a real system of the profile does not hold: those know the default one only.
    `side_by_side` tells each in a process of its own, by fork: only for a process that has no threads and no loop yet.
    """
    plan = company(tale.profile)
    systems = [system for system in plan.systems if is_pretend(system.kind)]
    if len(systems) < len(plan.systems) and tale != Tale(tale.profile):
        raise ValueError(f"with --erp {plan.profile} only the default story can be told: a real system holds it")
    mark, fingerprint = state / _MARK, tale.print(systems)
    known = _read(mark, fingerprint)
    if known is None:
        mark.unlink(missing_ok=True)
        forget(state)
        _tell(systems, state, tale.story, side_by_side=side_by_side)
        known = highlights(tale.story)
        replace_file(mark, json.dumps({"print": fingerprint, "orders": known}))
    boxes = {system.name: opener(system.kind)(system.name, state) for system in systems}
    return Opened(plan, tale, boxes, Chronicle(state, lambda: tale.story), known)


def is_pretend(kind: str) -> bool:
    """Whether the vendor folder has a pretend server; the others are real systems, started as processes."""
    return hasattr(import_module(f"sources.{kind}.sandbox"), "open_sandbox")


def opener(kind: str) -> OpenSandbox:
    """How the vendor folder opens its sandbox."""
    return cast("OpenSandbox", import_module(f"sources.{kind}.sandbox").open_sandbox)


def _read(mark: Path, fingerprint: str) -> list[Highlight] | None:
    try:
        known = json.loads(mark.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(known, dict) or known.get("print") != fingerprint:
        return None
    return cast("list[Highlight]", known["orders"])


def _tell(systems: Sequence[System], state: Path, story: Story, *, side_by_side: bool) -> None:
    if not side_by_side or sys.platform != "linux":
        for system in systems:
            _tell_one(system, state, story)
        return
    # Forked, so that the story need not be sent; the files are what comes back. They end with us, however early.
    forks = multiprocessing.get_context("fork")
    tellers = [forks.Process(target=_tell_one, args=(system, state, story), daemon=True) for system in systems]
    for teller in tellers:
        teller.start()
    for system, teller in zip(systems, tellers, strict=True):
        teller.join()
        if teller.exitcode:
            raise RuntimeError(f"the sandbox of {system.name} could not be told the story (see above)")


def _tell_one(system: System, state: Path, story: Story) -> None:
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        sandbox = opener(system.kind)(system.name, state)
        sandbox.tell(story, system.name)
        sandbox.close()
    finally:
        if was_collecting:
            gc.enable()
