from __future__ import annotations

from pathlib import Path

from tests.sources.refusing import refused


def test_a_time_zone_that_is_none_is_refused_and_not_repeated(tmp_path: Path) -> None:
    [told] = refused(tmp_path, "s4hana", 'time_zone = "hunter2"')

    assert "line 10: settings.time_zone: there is no time zone of this name" in told
    assert "hunter2" not in told
