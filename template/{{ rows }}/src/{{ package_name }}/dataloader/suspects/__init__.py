"""What looks wrong in a table, without its relation to the target: one module a kind of fault."""
