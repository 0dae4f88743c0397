from __future__ import annotations

from pathlib import Path

import pytest

from sources.landscape import Instance, Secret
from sources.salesforce.settings import settings_of
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


@pytest.mark.parametrize("name", ["webhook_secret", "webhook_secret_before"])
def test_a_secret_that_could_be_guessed_opens_no_door(name: str) -> None:
    instance = Instance("sales", "salesforce", "crm", "http://127.0.0.1:1", credentials={name: Secret("hunter2")})

    with pytest.raises(ValueError, match=f"the credential {name} of sales needs at least 16 characters") as refused:
        settings_of(instance)

    assert "hunter2" not in str(refused.value)
