"""The writing half of the adapter, put together: what books, changes and cancels orders, and creates customers."""

from __future__ import annotations

from sources.tryton.amending import Amending
from sources.tryton.amendments import Amendments
from sources.tryton.booking import Booking
from sources.tryton.cancelling import Cancelling
from sources.tryton.clerk import Office
from sources.tryton.client import TrytonClient
from sources.tryton.finding import Finding
from sources.tryton.onboarding import Onboarding
from sources.tryton.orders import Read
from sources.tryton.preparing import Preparing
from sources.tryton.quoting import Quoting
from sources.tryton.redrafting import Redrafting
from sources.tryton.settings import Entities, Settings


class Intake:
    """Everything that writes to one Tryton."""

    def __init__(self, client: TrytonClient, settings: Settings, entities: Entities, reading: Read) -> None:
        """Put together; nothing is called yet."""
        office, preparing, amendments = Office(client, entities, reading), Preparing(settings), Amendments(settings)
        self.finding = finding = Finding(settings, office)
        self.quoting = Quoting(office, preparing)
        self.booking = Booking(settings, office, finding, preparing)
        self.amending = Amending(settings, office, finding, amendments, Redrafting(settings, finding, preparing))
        self.cancelling = Cancelling(office, finding, amendments)
        self.onboarding = Onboarding(settings, office)
