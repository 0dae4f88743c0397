"""The loom: it knows GraphQL and nothing of ours, and calls resolvers once a level."""
