"""Revgraph beside its peers: the same sources, the same two queries, the same answers, one run."""
