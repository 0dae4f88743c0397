"""The story in this system's words, one module a service."""
