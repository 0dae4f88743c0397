"""Answers of the systems that are kept for a while in Redis, where the landscape allows it."""
