"""The org's allowance of API calls, counted and told with every answer."""

from __future__ import annotations

from sources.salesforce.sandbox.errors import ApiError


class Usage:
    """Calls used of a day's allowance; it never renews by itself."""

    def __init__(self, allowance: int) -> None:
        self.allowance = allowance
        self.used = 0

    def spend(self) -> None:
        """Count a call; REQUEST_LIMIT_EXCEEDED when none is left."""
        if self.used >= self.allowance:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.used += 1

    @property
    def header(self) -> str:
        """The value of Sforce-Limit-Info."""
        return f"api-usage={self.used}/{self.allowance}"
