"""SAP S/4HANA: the ERP as a source, through its published OData V2 services."""
