from __future__ import annotations

from pathlib import Path

import pytest

from canonical.order import OrderStatus
from canonical.timeline import TimelineKind
from sources.landscape import Secret
from sources.landscape_events import Receiver
from sources.landscape_file import LandscapeError, read_landscape

SYSTEMS = """\
tenant = "acme"
[[instances]]
name = "sales"
kind = "crmkind"
role = "crm"
base_url = "https://sales.example"
"""
RECEIVER = """\
[[receivers]]
name = "billing"
url = "https://billing.example/events/"
kinds = ["INVOICE_GENERATED"]
give_up_hours = 2.0
[receivers.credentials]
secret = { env = "SIGNS" }
secret_next = { env = "SIGNS_NEXT" }
"""
ENVIRONMENT = {"SIGNS": "one-that-nobody-knows", "SIGNS_NEXT": "another-that-nobody-knows"}


def written(folder: Path, text: str) -> Path:
    path = folder / "revgraph.toml"
    path.write_text(SYSTEMS + text)
    return path


def test_a_receiver_has_what_the_file_says(tmp_path: Path) -> None:
    landscape = read_landscape(written(tmp_path, RECEIVER), ENVIRONMENT, ("crmkind",))

    assert landscape.events.receivers == (
        Receiver(
            name="billing",
            url="https://billing.example/events",
            secrets={"secret": Secret("one-that-nobody-knows"), "secret_next": Secret("another-that-nobody-knows")},
            kinds=frozenset({TimelineKind.INVOICE_GENERATED}),
            give_up_hours=2.0,
        ),
    )


def test_nothing_is_published_on_the_crms_screens_unless_it_is_asked_for(tmp_path: Path) -> None:
    usual = read_landscape(written(tmp_path, ""), {}, ("crmkind",)).events.bulletins
    asked = read_landscape(written(tmp_path, '[bulletins]\non = true\nstatuses = ["BOOKED"]\n'), {}, ("crmkind",))

    assert usual.on is False
    assert asked.events.bulletins.on is True
    assert asked.events.bulletins.statuses == {OrderStatus.BOOKED}


@pytest.mark.parametrize(
    "was,becomes,expected",
    [
        ('name = "billing"', 'name = "sales"', "a name that nothing else here has"),
        ('name = "billing"', 'name = "bulletins"', "a name that nothing else here has"),
        ("secret = {", "key = {", "what signs the events"),
        ("INVOICE_GENERATED", "INVOICED", "receivers[0].kinds"),
        ('url = "https://', 'url = "https://ann:secret@', "receivers[0].url"),
        ("give_up_hours = 2.0", "give_up_hours = 0", "hours until an event"),
        ("kinds = [", 'legal_entities = ["FR01"]\nkinds = [', "the legal entity"),
    ],
)
def test_a_receiver_that_cannot_be_is_refused_in_words(tmp_path: Path, was: str, becomes: str, expected: str) -> None:
    with pytest.raises(LandscapeError, match=expected.replace("[", r"\[")):
        read_landscape(written(tmp_path, RECEIVER.replace(was, becomes)), ENVIRONMENT, ("crmkind",))


def test_a_secret_that_could_be_guessed_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(
        LandscapeError, match=r"secret_next: found a secret of 7 characters; expected 16 or more"
    ) as told:
        read_landscape(written(tmp_path, RECEIVER), {**ENVIRONMENT, "SIGNS_NEXT": "hunter2"}, ("crmkind",))

    assert "hunter2" not in str(told.value)
