"""The systems: one folder a vendor, reached through ports and configured as a landscape."""
