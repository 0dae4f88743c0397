"""Reads the credentials that a landscape file refers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sources.landscape import SHORTEST_SECRET, Secret
from sources.landscape_checks import Finding
from sources.landscape_form import CredentialForm, LandscapeForm

LARGEST = 65_536
"""Bytes; no key or password is longer."""


def read_secrets(
    form: LandscapeForm, folder: Path, environment: Mapping[str, str]
) -> tuple[Callable[[str], Mapping[str, Secret]], list[Finding]]:
    """The secrets of each instance and receiver by its name, and what could not be read; space around is stripped."""
    held: dict[str, dict[str, Secret]] = {}
    findings: list[Finding] = []
    tables = [("instances", place, one.name, one.credentials) for place, one in enumerate(form.instances)]
    tables += [("receivers", place, one.name, one.credentials) for place, one in enumerate(form.receivers)]
    for table, place, owner, credentials in tables:
        for name, reference in credentials.items():
            value, expected = _value(reference, folder, environment)
            if value and table == "receivers" and len(value) < SHORTEST_SECRET:
                expected = f"a secret of {len(value)} characters", f"{SHORTEST_SECRET} or more, made by chance"
                value = ""
            if value:
                held.setdefault(owner, {})[name] = Secret(value)
            else:
                findings.append(((table, place, "credentials", name), *expected))
    return lambda name: held.get(name, {}), findings


def _value(reference: CredentialForm, folder: Path, environment: Mapping[str, str]) -> tuple[str, tuple[str, str]]:
    if reference.env is not None:
        value = environment.get(reference.env, "").strip()
        return value, (f"the variable {reference.env}, which is not set", f"{reference.env} in the environment")
    path = folder / Path(reference.file or "").expanduser()
    try:
        with path.open(encoding="utf-8") as opened:
            value = opened.read(LARGEST).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not text"
        return "", (f"the file {path}, which cannot be read ({reason})", "a readable file that holds the secret alone")
    return value, (f"the file {path}, which is empty", "a readable file that holds the secret alone")
