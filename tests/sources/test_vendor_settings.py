"""What a kind of system can be told is listed with its meaning, and a wrong setting is refused by line, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources import catalog
from sources.vendor_settings import settings_form, settings_of
from tests.sources.refusing import refused


@pytest.mark.parametrize("kind", catalog.kinds())
def test_every_setting_of_every_kind_says_what_it_means(kind: str) -> None:
    told = settings_of(kind)

    assert told
    assert [setting.name for setting in told if not setting.meaning] == []


@pytest.mark.parametrize("kind", catalog.kinds())
def test_a_setting_that_is_misspelt_is_refused_by_its_line_with_the_one_that_is_meant(
    tmp_path: Path, kind: str
) -> None:
    name = settings_of(kind)[0].name
    wrong = name[:-1]

    told = refused(tmp_path, kind, f'{wrong} = "x"')

    assert (
        f"  theirs ({kind}): line 10: settings.{wrong}: there is no such setting; is {name} meant? "
        f"`revgraph settings {kind}` lists them all."
    ) in told


def test_a_kind_without_settings_of_its_own_has_none() -> None:
    assert settings_form("nobody") is None
    assert settings_of("nobody") == []
