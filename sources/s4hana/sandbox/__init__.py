"""A pretend S/4HANA: OData V2 services over SQLite, written from the published formats."""

from __future__ import annotations

from sources.s4hana.sandbox.permissions import Permissions
from sources.s4hana.sandbox.sandbox import S4HanaSandbox, open_sandbox
from sources.s4hana.sandbox.settings import COMPANY, SystemSettings

__all__ = ["COMPANY", "Permissions", "S4HanaSandbox", "SystemSettings", "open_sandbox"]
