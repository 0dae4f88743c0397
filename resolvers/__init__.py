"""The answers: plain async functions, many parents in and as many answers out. They know neither GraphQL nor vendors."""
