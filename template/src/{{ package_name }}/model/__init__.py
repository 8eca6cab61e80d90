"""Models that see X and y, never a path."""
