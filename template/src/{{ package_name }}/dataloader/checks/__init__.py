"""Data checks, one file each: `check(table, context)` returns problems as sentences."""
