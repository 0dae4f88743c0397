"""The pretend org's event log: what is kept of what happened, for whom it is kept, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from sandbox.story import tell_story
from sources.salesforce.sandbox import eventlog
from sources.salesforce.sandbox.box import SalesforceSandbox, open_sandbox
from sources.salesforce.sandbox.eventlog import from_replay_id, to_replay_id
from tests.sources.salesforce.conftest import ACCOUNT, ROWS

TOPIC: Final = "/data/AccountChangeEvent"


@pytest.fixture
def box() -> Iterator[SalesforceSandbox]:
    one = SalesforceSandbox("crm", None)
    one.load(ROWS)
    yield one
    one.close()


def events(box: SalesforceSandbox, behind: int = 0) -> list[int]:
    return [event.place for event in box.org.log.behind([TOPIC], behind, 100)]


def rename(box: SalesforceSandbox, name: str) -> int:
    box.change("Account", ACCOUNT, {"Name": name})
    return box.org.log.latest


def test_what_an_org_is_filled_with_is_not_told(box: SalesforceSandbox) -> None:
    assert events(box) == []


def test_places_grow_and_do_not_follow_each_other(box: SalesforceSandbox) -> None:
    first, second = rename(box, "A"), rename(box, "B")

    assert events(box) == [first, second]
    assert events(box, first) == [second]
    assert second > first + 1
    assert from_replay_id(to_replay_id(second)) == from_replay_id(to_replay_id(second)[:8]) == second
    assert from_replay_id(b"x") is None


def test_a_save_that_changes_nothing_is_not_told(box: SalesforceSandbox) -> None:
    rename(box, "A")

    assert len(events(box)) == 1
    box.change("Account", ACCOUNT, {"Name": "A"})
    assert len(events(box)) == 1


def test_places_survive_a_restart(tmp_path: Path) -> None:
    box = open_sandbox("crm", tmp_path)
    box.load(ROWS)
    kept = rename(box, "A")
    box.close()

    again = open_sandbox("crm", tmp_path)
    assert again.org.log.holds(kept)
    later = rename(again, "B")
    assert events(again, kept) == [later]
    again.close()


def test_what_is_older_than_three_days_is_forgotten() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    box = SalesforceSandbox("crm", None, clock=lambda: now)
    box.load(ROWS)
    old = rename(box, "A")
    now += timedelta(hours=71)
    kept = rename(box, "B")
    now += timedelta(hours=2)

    assert [box.org.log.holds(place) for place in (old - 1, old, kept, kept + 1)] == [False, True, True, False]
    assert events(box) == [kept]
    box.close()


def test_the_log_does_not_grow_without_end(box: SalesforceSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventlog, "MOST_KEPT", 3)
    places = [rename(box, f"A{number}") for number in range(9)]

    assert box.org.log.holds(places[-1])
    assert events(box) == places[-3:]


def test_a_story_that_is_told_anew_takes_the_old_places_away(box: SalesforceSandbox) -> None:
    place = rename(box, "A")

    box.tell(tell_story(7, deals=120, buyers=40), "salesforce")

    assert events(box) == []
    assert not box.org.log.holds(place)
