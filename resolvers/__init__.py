"""The answers: plain async functions, many parents in, as many answers out. They know neither GraphQL nor vendors."""
