"""What is typed at a shell does what it says: make, the run of everything, the image, the package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import ROOT, copy_of_code

WISHES = [
    "help",
    "demo",
    "test",
    "proof",
    "check",
    "fmt",
    "lint",
    "types",
    "bench",
    "schema",
    "new-source",
    "serve",
    "worker",
    "sandbox",
]
FOLDERS = ["canonical", "engine", "gateway", "resolvers", "sandbox", "schema", "sources", "workflows"]


def make(*arguments: str, at: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments], cwd=at, env=clean() | environment, capture_output=True, text=True, timeout=60, check=False
    )


def clean() -> dict[str, str]:
    """The environment without what an outer make, or whoever calls it, has put there."""
    ours = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PORT", "ERP", "CACHE", "PLAY"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A tree whose installation is up to date, and whose `revgraph` says what it was given."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    commands = tmp_path / ".venv" / "bin"
    commands.mkdir(parents=True)
    script(commands / "revgraph", 'echo "revgraph $*"')
    script(commands / "python", "exit 1")
    (tmp_path / ".venv" / ".runtime").touch()
    return tmp_path


def test_help_lists_every_wish_with_a_sentence() -> None:
    listed = re.findall(r"^  make (\S+) +(\S.*\.)", make("help").stdout, flags=re.MULTILINE)

    assert [name for name, _ in listed] == WISHES
    assert make().stdout == make("help").stdout


def test_demo_hands_on_its_port_its_ready_file_its_erp_its_cache_and_its_play(installed: Path) -> None:
    plain = make("demo", at=installed)
    full = make("demo", "PORT=8123", "READY_FILE=/tmp/a b.json", "ERP=acme", "CACHE=1", "PLAY=1", at=installed)

    assert plain.stdout == "revgraph demo\n"
    assert full.stdout == "revgraph demo --port 8123 --ready-file /tmp/a b.json --erp acme --cache --play\n"


def test_demo_reads_the_environment_too(installed: Path) -> None:
    assert make("demo", at=installed, READY_FILE="ready.json").stdout == "revgraph demo --ready-file ready.json\n"


def test_demo_is_told_to_end_when_make_is(installed: Path) -> None:
    script(
        installed / ".venv" / "bin" / "revgraph",
        "trap 'echo ended; exit 0' TERM; echo started; while :; do sleep 0.05; done",
    )
    with subprocess.Popen(
        ["make", "demo"], cwd=installed, env=clean(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline() == "started\n"

        demo.terminate()

        assert demo.stdout.readline() == "ended\n"


@pytest.mark.parametrize("wish", ["serve", "worker", "sandbox"])
def test_each_role_starts_by_its_name(installed: Path, wish: str) -> None:
    assert f"revgraph {wish} --help" in make(wish, "ARGS=--help", at=installed).stdout


def test_an_older_python_is_refused_in_words(installed: Path, tmp_path: Path) -> None:
    shutil.rmtree(installed / ".venv")
    old = script(tmp_path / "python3.9", "exit 1")

    asked = make("demo", f"PYTHON={old}", at=installed)

    assert asked.returncode != 0
    assert f"Revgraph needs Python 3.11 or newer, and '{old}' is not." in asked.stderr
    assert not (installed / ".venv").exists()


def test_the_run_of_everything_points_tests_at_the_contracts_beside_the_tree(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / "project" / ".ci")
    (tmp_path / "shared" / "contracts").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "make", 'echo "$1 $REVGRAPH_CONTRACTS $REVGRAPH_SAP_ODATA."')
    elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("REVGRAPH_")}

    ran = subprocess.run(
        [str(tmp_path / "project" / ".ci" / "run")],
        env=elsewhere | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    place = tmp_path / "shared" / "contracts"
    assert ran.stdout.splitlines() == [
        f"check {place} .",
        f"test {place} .",
        "--- how it ended ---",
        f"test {place} .",
    ]


def test_the_run_of_everything_fails_with_the_tests(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / "project" / ".ci")
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "make", 'test "$1" = check || exit 3')

    ran = subprocess.run(
        [str(tmp_path / "project" / ".ci" / "run")],
        env=os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert ran.returncode == 3


def test_the_image_holds_every_folder_and_runs_as_nobody() -> None:
    image = (ROOT / "Dockerfile").read_text()

    assert sorted(re.findall(r"^COPY (\w+) \./\1$", image, flags=re.MULTILINE)) == FOLDERS
    assert "USER 10001:10001" in image
    assert "--require-hashes" in image
    assert image.rstrip().endswith('ENTRYPOINT ["revgraph"]\nCMD ["serve"]')


def test_the_package_holds_every_file_that_the_code_reads(tmp_path: Path) -> None:
    root = copy_of_code(tmp_path / "tree")
    (root / "README.md").write_text("# Revgraph\n")

    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(tmp_path),
            str(root),
        ],
        capture_output=True,
        timeout=100,
        check=True,
    )

    [wheel] = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    suffixes = {".py", ".toml", ".graphql", ".md", ".gz"}
    expected = {
        str(path.relative_to(ROOT))
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in suffixes and "__pycache__" not in path.parts
    }
    assert expected - packed == set()


def test_the_package_is_made_of_these_folders_only() -> None:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]

    assert sorted(name.rstrip("*") for name in found["include"]) == FOLDERS
