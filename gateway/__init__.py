"""The door: app, settings, wiring and everything a request passes before it asks."""
