"""Two peers in Python over the desk: a handler written by hand for these two queries, and plain Strawberry."""
