from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import httpx
import pytest

import sources
from canonical.deadline import Deadline
from canonical.principal import Principal, View
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from gateway.new_source import NameRefusedError, scaffold
from sources import catalog
from sources.feeds import Webhook
from sources.kit.call import Call
from sources.kit.forecast import Calls, Need, Question
from sources.landscape import Instance, Landscape
from sources.ports import ProductSource
from tests.house.tree import copy_of_code


def new_call() -> Call:
    return Call(Principal("t", "acme", "t", frozenset()), View(), Deadline.after(10), "case-1")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"shop_{abs(hash(tmp_path)) % 10**9}"
    scaffold(name, tmp_path)
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    return name


def test_the_folder_has_every_file_that_a_vendor_folder_has(tmp_path: Path) -> None:
    written = scaffold("acme_books", tmp_path)

    assert sorted(path.name for path in written) == [
        "README.md",
        "__init__.py",
        "adapter.py",
        "client.py",
        "mapping.py",
        "quality.toml",
        "sandbox.py",
        "settings.py",
        "wire.py",
    ]
    assert tomllib.loads((tmp_path / "acme_books" / "quality.toml").read_text())["settings"] == "done"
    assert not any("@name@" in path.read_text() or "@Name@" in path.read_text() for path in written)


def test_the_catalog_finds_the_new_folder(shop: str) -> None:
    assert shop in catalog.kinds()


async def test_the_new_adapter_reads_from_its_own_sandbox(shop: str, tmp_path: Path) -> None:
    pretend = import_module(f"sources.{shop}.sandbox").open_sandbox("shop", tmp_path)
    pretend._titles = {"A-1": "Anvil", "B-2": "Bolt"}
    instance = Instance("shop", shop, "erp", "http://shop")
    source = import_module(f"sources.{shop}.adapter").open_source(instance, transport=httpx.ASGITransport(pretend.app))

    assert isinstance(source, ProductSource)
    found = await source.fetch_products(new_call(), ["B-2", "C-3"], Wanted.of("name"))
    checkup = await source.check(new_call(), thorough=True)
    await source.close()

    assert {sku: product.name for sku, product in found.items()} == {"B-2": "Bolt"}
    assert isinstance(source, Webhook)
    assert checkup.status is SystemHealth.UP
    assert source.origin("Product", "name") == "Product.title"


@pytest.mark.parametrize(
    "name,words",
    [
        ("Acme", "small letters"),
        ("2fast", "beginning with a letter"),
        ("a-b", "small letters"),
        ("class", "cannot be a folder"),
        ("../x", "cannot be a folder"),
        ("kit", "already"),
        ("ports", "already"),
    ],
)
def test_a_bad_or_taken_name_is_refused_and_nothing_is_written(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "kit").mkdir()
    (tmp_path / "ports.py").touch()

    with pytest.raises(NameRefusedError, match=words):
        scaffold(name, tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["kit", "ports.py"]


def test_the_new_folder_satisfies_the_checkers(tmp_path: Path) -> None:
    to = copy_of_code(tmp_path / "copy")
    scaffold("acme_books", to / "sources")

    for checker in (
        ["mypy", "--cache-dir", str(tmp_path / "cache"), "sources/acme_books"],
        ["ruff", "check", "--no-cache", "sources/acme_books"],
        ["ruff", "format", "--check", "--no-cache", "sources/acme_books"],
    ):
        said = subprocess.run([sys.executable, "-m", *checker], cwd=to, capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout


def test_its_calls_are_foretold_without_a_word_of_its_own(shop: str) -> None:
    landscape = Landscape("acme", {"shop": Instance("shop", shop, "erp", "http://127.0.0.1:1")}, {})
    calls_of = catalog.forecaster(landscape)

    listed, unknown = Need(question=Question.LIST_PRODUCTS), Need(question=Question.FETCH_ORDERS)
    assert calls_of("shop", [listed, unknown, listed]) == Calls(2, 2)
    assert calls_of("shop", [unknown]) == Calls(0, 0)
