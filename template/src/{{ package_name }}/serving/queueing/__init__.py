"""Requests that come from a queue."""
