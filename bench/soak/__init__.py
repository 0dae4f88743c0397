"""Subscribers under fire: whatever dies, each hears what the log holds for it, once and in order."""
