"""How to reach the sandbox's Tryton: what the seeding puts into the database and the serving hands out."""

from __future__ import annotations

from typing import Final

DATABASE: Final = "erp"
COMPANY: Final = 1
# Opens a pretend company on this machine, and nothing else.
APPLICATION_KEY: Final = "revgraph-sandbox-application-key"
