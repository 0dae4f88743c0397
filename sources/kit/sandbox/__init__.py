"""What the vendors' pretend servers share: faults on demand, a record of what was asked, serving."""
