"""From files to checked, split tables."""
