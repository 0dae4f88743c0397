"""One violation of each rule, seeded in a copy of the code, is seen by its checker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import copy_of_code

# Two pretend vendors, so that no real one is named here.
SEEDS = {
    "sources/acme/__init__.py": '"""Acme."""\n',
    "sources/acme/wire.py": '"""Wire."""\n',
    "sources/acme/client.py": '"""Client."""\n\nimport sources.acme.mapping\n',
    "sources/acme/mapping.py": '"""Mapping."""\n\nimport sources.acme.wire\n',
    "sources/acme/adapter.py": '"""Adapter."""\n\nimport sources.zenith\n',
    "sources/acme/sandbox.py": '"""Sandbox."""\n\nimport sources.acme.mapping\n',
    "sources/zenith/__init__.py": '"""Zenith."""\n',
    "sources/zenith/client.py": '"""Client."""\n\nimport sources.zenith.sandbox\n',
    "sources/zenith/sandbox.py": '"""Sandbox."""\n',
    "sources/kit/seeded.py": '"""Kit."""\n\nimport sources.acme.client\n',
    "canonical/seeded.py": '"""Upstream."""\n\nimport gateway\nimport strawberry\n',
    "resolvers/seeded.py": '"""Names a vendor."""\n\nimport engine\nimport fastapi\nimport sources.acme.adapter\n',
    "engine/seeded.py": '"""Knows us."""\n\nimport canonical\n',
    "sandbox/seeded.py": '"""Reaches inside."""\n\nimport sources.acme.adapter\n',
}

BROKEN = {
    "Imports run one way": "canonical.seeded -> gateway",
    "The engine knows nothing of ours": "engine.seeded -> canonical",
    "Only schema and gateway use the engine": "resolvers.seeded -> engine",
    "No vendor folder imports another": "sources.acme.adapter -> sources.zenith",
    "Nobody names a vendor": "resolvers.seeded -> sources.acme.adapter",
    "What all vendors share knows none of them": "sources.kit.seeded -> sources.acme.client",
    "Inside a vendor folder": "sources.acme.client -> sources.acme.mapping",
    "A vendor's sandbox shares no code with its adapter": "sources.acme.sandbox -> sources.acme.mapping",
    "What talks to real systems holds nothing of a sandbox": "sources.zenith.client -> sources.zenith.sandbox",
    "The pretend company uses vendors' sandboxes, the kit and the words": "sandbox.seeded -> sources.acme.adapter",
    "GraphQL stays in schema, engine and gateway": "canonical.seeded -> strawberry",
    "The web framework stays in the gateway and the sandboxes": "resolvers.seeded -> fastapi",
}


def run(tool: list[str], root: Path) -> subprocess.CompletedProcess[str]:
    """A checker of this environment, in that tree."""
    command = [str(Path(sys.executable).with_name(tool[0])), *tool[1:]]
    wide = os.environ | {"COLUMNS": "300", "NO_COLOR": "1"}
    return subprocess.run(command, cwd=root, env=wide, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture(scope="module")
def broken_imports(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = copy_of_code(tmp_path_factory.mktemp("river"))
    for place, text in SEEDS.items():
        (root / place).parent.mkdir(exist_ok=True)
        (root / place).write_text(text)
    checked = run(["lint-imports", "--no-cache"], root)
    assert checked.returncode == 1, checked.stdout + checked.stderr
    return checked.stdout


@pytest.mark.xdist_group("broken-imports")
@pytest.mark.parametrize("contract", BROKEN)
def test_an_import_against_the_rules_is_seen(broken_imports: str, contract: str) -> None:
    assert f"{contract} BROKEN" in broken_imports
    assert BROKEN[contract] in broken_imports


def test_every_contract_on_imports_was_broken_once() -> None:
    rules = (Path(__file__).parents[2] / ".importlinter").read_text()

    assert {line.removeprefix("name = ") for line in rules.splitlines() if line.startswith("name = ")} == set(BROKEN)


@pytest.mark.parametrize(
    "line,code",
    [
        ("count: int = 'three'", "[assignment]"),
        ("def loose(value): return value", "[no-untyped-def]"),
        ("silent = 1  # type: ignore", "[unused-ignore]"),
    ],
)
def test_a_wrong_type_is_seen(tmp_path: Path, line: str, code: str) -> None:
    root = copy_of_code(tmp_path)
    (root / "canonical" / "seeded.py").write_text(f'"""Seeded."""\n\n{line}\n')

    checked = run(["mypy", "--cache-dir", str(tmp_path / "cache"), "canonical/seeded.py"], root)

    assert checked.returncode == 1
    assert "canonical/seeded.py:3: error: " in checked.stdout
    assert code in checked.stdout


@pytest.mark.parametrize(
    "text,rule",
    [
        ('"""Seeded."""\n\nimport os\n', "F401"),
        ('"""Seeded."""\n\n\ndef public() -> None:\n    pass\n', "D103"),
        ('"""Seeded."""\n\ntry:\n    x = 1\nexcept:\n    x = 2\n', "E722"),
        ('"""Seeded."""\n\nx = eval("1")\n', "S307"),
    ],
)
def test_a_broken_rule_of_the_code_is_seen(tmp_path: Path, text: str, rule: str) -> None:
    root = copy_of_code(tmp_path)
    (root / "canonical" / "seeded.py").write_text(text)

    checked = run(["ruff", "check", "--no-cache", "--output-format", "concise", "canonical"], root)

    assert checked.returncode == 1
    assert rule in checked.stdout


def test_a_file_that_is_not_formatted_is_seen(tmp_path: Path) -> None:
    root = copy_of_code(tmp_path)
    (root / "canonical" / "seeded.py").write_text('"""Seeded."""\n\nx = [ 1,2 ]\n')

    checked = run(["ruff", "format", "--check", "--no-cache", "canonical"], root)

    assert checked.returncode == 1
    assert "canonical/seeded.py" in checked.stdout
