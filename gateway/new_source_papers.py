"""What people read in a new vendor folder; @name@ stands for its name, @Name@ for the name of its class."""

from __future__ import annotations

from typing import Final

QUALITY: Final = """# Each rule is answered with done, todo, or exempt and the reason.
documents = "todo"          # README.md names the vendor's published documents that this was written from
ports = "todo"              # every port that the vendor can keep is kept
settings = "done"           # a wrong setting is refused at start, in words
errors = "todo"             # every error body of the vendor becomes the fault a person can act on
mapping = "todo"            # every rule of mapping.py has a payload beside its test
paging = "todo"             # every page that the vendor insists on is followed
narrowing = "todo"          # call.view narrows the vendor's own query
changes = "todo"            # every change is told: by polling, a stream or the webhook, and polling is the floor
sandbox = "todo"            # the pretend server is judged by a client that nobody here wrote
doctor = "todo"             # check(thorough=True) names each field and permission that is missing
"""

README: Final = """# @Name@

Which system this is, and which of the vendor's published documents this folder was written from.

| setting | meaning |
|---|---|
| `path` | where the products are, below the base URL |

| credential | meaning |
|---|---|
| `token` | a bearer token; left out, nothing is sent |
| `webhook_secret`, `webhook_secret_next` | sign what the vendor sends to /webhooks/<instance>; left out, it is closed |
| `webhook_token`, `webhook_token_next` | the same for a sender that cannot sign |

The legal entity's `codes`: none are needed yet.
"""
