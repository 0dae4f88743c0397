"""The questions: the graph's declarations, which call resolvers and decide nothing."""
