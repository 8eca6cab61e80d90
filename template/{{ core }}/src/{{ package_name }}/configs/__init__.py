"""What may be set, and how conf/ is read."""
