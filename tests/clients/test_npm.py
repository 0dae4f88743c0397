"""Whether a proof by clients that cannot be had is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.npm import install


@pytest.fixture(autouse=True)
def _nothing_is_installed_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def has(tmp_path: Path, name: str, script: str = "exit 0") -> None:
    (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / name).chmod(0o755)


def test_without_node_a_test_of_its_clients_is_skipped_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="no node and no npm"):
        install(tmp_path)


def test_without_npm_it_fails_where_a_run_decides_over_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    has(tmp_path, "node")

    with pytest.raises(pytest.fail.Exception, match="no npm"):
        install(tmp_path)


@pytest.mark.parametrize("decides,outcome", [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_what_npm_cannot_install_is_skipped_or_fails_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decides: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", decides)
    has(tmp_path, "node")
    has(tmp_path, "npm", "echo no such registry >&2; exit 1")

    with pytest.raises(outcome, match="no such registry"):
        install(tmp_path)


def test_what_is_installed_as_locked_is_not_installed_again(tmp_path: Path) -> None:
    has(tmp_path, "node")
    has(tmp_path, "npm", "echo $@ >> asked")
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / "node_modules").mkdir()

    install(tmp_path)
    install(tmp_path)

    assert (tmp_path / "asked").read_text() == "ci --ignore-scripts --no-audit --no-fund\n"
