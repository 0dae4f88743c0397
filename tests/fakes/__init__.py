"""Fakes of our own ports: systems in memory that count what they were asked."""
