"""The query language of OData V2: system options, filter expressions, resource paths."""
