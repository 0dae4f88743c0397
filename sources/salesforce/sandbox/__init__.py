"""A pretend Salesforce org: SOQL, rows, composite and OAuth, written from the published formats and recordings."""

from sources.salesforce.sandbox.box import SalesforceSandbox, open_sandbox

__all__ = ["SalesforceSandbox", "open_sandbox"]
