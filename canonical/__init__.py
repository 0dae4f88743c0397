"""The words: what revenue operations talk about, in values that no system owns."""
