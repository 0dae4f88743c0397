from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.refusing import refused


@pytest.mark.parametrize(
    "setting,words",
    [
        ('api_version = "hunter2"', '(of the REST API; usually "68.0")'),
        ('quote_model = "cpq"', "expected 'standard' or 'sbqq' (whose quotes are read"),
        ('multi_currency = "perhaps"', "expected a valid boolean"),
        ('pricebook = "hunter2"', "the id of a price book has 15 or 18 characters and begins with 01s"),
    ],
)
def test_what_a_setting_should_be_is_said_in_words_and_its_value_is_not_repeated(
    tmp_path: Path, setting: str, words: str
) -> None:
    [told] = refused(tmp_path, "salesforce", setting)

    assert f"line 10: settings.{setting.partition(' ')[0]}: " in told
    assert words in told
    assert "hunter2" not in told
