"""The history of the tables, a file a step."""
