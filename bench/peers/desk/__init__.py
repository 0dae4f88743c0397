"""The desk: a CRM and an ERP of one company as neutral, fast sources for everybody who is measured."""
