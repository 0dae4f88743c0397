"""Measuring: what the gateway does in time, never asserted by a test."""
