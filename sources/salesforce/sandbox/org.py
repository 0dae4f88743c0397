"""The pretend org: its rows, its open cursors, its allowance, and who its integration user is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sources.salesforce.sandbox.capture import Capture
from sources.salesforce.sandbox.cursors import Cursors
from sources.salesforce.sandbox.errors import not_found
from sources.salesforce.sandbox.eventlog import EventLog
from sources.salesforce.sandbox.ids import id18
from sources.salesforce.sandbox.loading import Rows, load
from sources.salesforce.sandbox.model import Model, SObject
from sources.salesforce.sandbox.platform import PlatformEvents, usual_events
from sources.salesforce.sandbox.refusing import Refusals
from sources.salesforce.sandbox.store import Clock, Store, utc_now
from sources.salesforce.sandbox.usage import Usage

ORG_ID: Final = id18("00DRg0000000001")
USER_ID: Final = id18("005Rg0000000001")
STANDARD_PRICEBOOK_ID: Final = id18("01sRg0000000001")
USERNAME: Final = "integration@revgraph.example"


@dataclass(slots=True)
class Org:
    """Everything a call can reach."""

    model: Model
    store: Store
    cursors: Cursors
    usage: Usage
    name: str
    log: EventLog
    capture: Capture
    platform: PlatformEvents
    permissions: set[str] = field(default_factory=lambda: {"ActivateOrders", "EditActivatedOrders"})
    """What the integration user may do beyond its objects and fields."""
    refusals: Refusals = field(default_factory=Refusals)

    def type(self, name: str) -> SObject:
        """The object of that name; NOT_FOUND when the org lacks it."""
        found = self.model.find(name)
        if found is None:
            raise not_found()
        return found

    def reset(self) -> None:
        """Empty the org but for what every org is born with."""
        self.store.clear()
        self.cursors.clear()
        self.log.begin_anew()
        born: Rows = {
            "Organization": [{"Id": ORG_ID, "Name": self.name, "OrganizationType": "Enterprise Edition"}],
            "User": [{"Id": USER_ID, "Username": USERNAME, "LastName": "Integration", "Email": USERNAME}],
            "Pricebook2": [
                {"Id": STANDARD_PRICEBOOK_ID, "Name": "Standard Price Book", "IsStandard": True, "IsActive": True}
            ],
        }
        with self.capture.quiet():
            load(self.store, born, USER_ID)


def open_org(name: str, model: Model, path: Path | None, allowance: int, clock: Clock = utc_now) -> Org:
    """The org as its file left it, or newly born."""
    store = Store(model, path, clock)
    log = EventLog(store)
    capture = Capture(store, log, USER_ID)
    platform = PlatformEvents(store, log, USER_ID, usual_events())
    org = Org(model, store, Cursors(clock), Usage(allowance), name, log, capture, platform)
    if store.row(model.objects["Organization"], ORG_ID) is None:
        org.reset()
    return org
