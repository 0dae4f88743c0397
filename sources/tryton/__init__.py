"""Tryton: the ERP as a source, through its REST API."""
