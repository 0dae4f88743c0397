"""OData as several vendors speak it: literals, queries, `$batch` bytes, pages and metadata. No network here."""
