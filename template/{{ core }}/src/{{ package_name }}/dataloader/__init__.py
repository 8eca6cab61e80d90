"""Read the data, check it against the schema, split it."""
