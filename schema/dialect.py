"""What the engine has to know of our values: how absence looks, and how our scalars are written fastest."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from canonical.absence import UNSET
from engine.dialect import Dialect, Inline

DIALECT = Dialect(
    absent=UNSET,
    inline={
        # An instant in UTC ends in +00:00, which the graph writes as Z.
        "DateTime": Inline(
            kind=datetime,
            guard="v.tzinfo is UTC",
            write="v.isoformat(timespec='milliseconds')[:-6]+'Z'",
            names={"UTC": UTC},
        ),
        "Date": Inline(kind=date, write="v.isoformat()"),
        "Decimal": Inline(kind=Decimal, guard="v.is_finite()", write="format(v,'f')"),
        "Cursor": Inline(kind=str, write="v"),
    },
)
