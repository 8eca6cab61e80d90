"""What may be configured: types, units and ranges; `conf/` holds the values."""
