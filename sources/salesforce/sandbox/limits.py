"""What the org has left, and how many rows it holds."""

from __future__ import annotations

from sources.salesforce.sandbox.call import Call, Reply
from sources.salesforce.sandbox.org import Org


def limits(org: Org, call: Call) -> Reply:  # noqa: ARG001 - every resource takes the call
    """GET /limits."""
    remaining = org.usage.allowance - org.usage.used
    steady = {
        "ConcurrentAsyncGetReportInstances": 200,
        "DailyAsyncApexExecutions": 250_000,
        "DailyBulkApiBatches": 15_000,
        "DailyBulkV2QueryJobs": 10_000,
        "DailyDeliveredPlatformEvents": 25_000,
        "DataStorageMB": 10_240,
        "FileStorageMB": 10_240,
        "HourlyPublishedPlatformEvents": 250_000,
    }
    shown = {name: {"Max": most, "Remaining": most} for name, most in steady.items()}
    shown["DailyApiRequests"] = {"Max": org.usage.allowance, "Remaining": remaining}
    return Reply(200, dict(sorted(shown.items())))


def record_count(org: Org, call: Call) -> Reply:
    """GET /limits/recordCount?sObjects=A,B: objects without rows are left out [recorded]."""
    names = [name for name in call.query.get("sObjects", "").split(",") if name]
    chosen = [org.model.find(name) for name in names] if names else list(org.model.objects.values())
    counted = []
    for one in chosen:
        if one is not None:
            rows = int(org.store.select(f'SELECT COUNT(*) FROM "{one.name}" WHERE "IsDeleted" = 0')[0][0] or 0)
            if rows:
                counted.append({"count": rows, "name": one.name})
    return Reply(200, {"sObjects": counted})
