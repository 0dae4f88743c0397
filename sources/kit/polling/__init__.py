"""Looking through a system's records for what was changed: in bounded steps, with overlap, each change told once."""
