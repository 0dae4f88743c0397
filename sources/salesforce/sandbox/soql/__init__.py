"""The query language: text to tree to SQL to answer, refusals in the platform's words."""
