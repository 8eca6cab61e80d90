"""Metrics with their intervals, errors by group, the report."""
