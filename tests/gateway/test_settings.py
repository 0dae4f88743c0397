from __future__ import annotations

import pytest

from gateway.settings import SettingsError, described, read_settings


def test_settings_come_from_the_environment_and_what_is_given_stands_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVGRAPH_PORT", "9000")
    monkeypatch.setenv("REVGRAPH_HOST", "0.0.0.0")

    settings = read_settings(port=9001, landscape=None)

    assert (settings.host, settings.port, str(settings.landscape)) == ("0.0.0.0", 9001, "revgraph.toml")


def test_a_wrong_setting_is_refused_by_its_variable_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVGRAPH_PORT", "hunter2")

    with pytest.raises(SettingsError, match="REVGRAPH_PORT: Input should be a valid integer") as refused:
        read_settings()

    assert "hunter2" not in str(refused.value)


def test_two_keys_at_once_are_refused() -> None:
    with pytest.raises(SettingsError, match="only one of REVGRAPH_JWT_SECRET, REVGRAPH_JWT_SECRET_FILE may be set"):
        read_settings(jwt_secret="x" * 32, jwt_secret_file="/nowhere")


def test_every_setting_is_explained() -> None:
    assert all(meaning.endswith(".") for _, _, meaning in described())
    assert ("REVGRAPH_DEADLINE_SECONDS", "4.0") in [(name, default) for name, default, _ in described()]


@pytest.mark.parametrize("name", ["REVGRAPH_REDIS_URL", "REDIS_URL"])
def test_the_redis_is_named_by_either_variable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert read_settings().redis_url is None
    monkeypatch.setenv(name, "rediss://:hunter2@redis.example:6380/1")

    settings = read_settings()

    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == "rediss://:hunter2@redis.example:6380/1"
    assert "hunter2" not in repr(settings)


def test_our_own_variable_stands_before_the_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://of-another-program")
    monkeypatch.setenv("REVGRAPH_REDIS_URL", "redis://ours")

    found = read_settings().redis_url

    assert found is not None
    assert found.get_secret_value() == "redis://ours"


def test_an_address_that_is_no_redis_is_refused_by_its_variable_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REVGRAPH_REDIS_URL", "http://:hunter2@redis.example")

    with pytest.raises(
        SettingsError, match=r"REVGRAPH_REDIS_URL: .*must begin with redis://, rediss://, unix://"
    ) as no:
        read_settings()

    assert "hunter2" not in str(no.value)


def test_an_address_that_is_not_postgresqls_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://ann:hunter2@db/revgraph")

    with pytest.raises(SettingsError, match="DATABASE_URL: Value error, must begin with postgresql://") as refused:
        read_settings()

    assert "hunter2" not in str(refused.value)
