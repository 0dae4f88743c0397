"""Salesforce: where quotes are made and orders are born."""
