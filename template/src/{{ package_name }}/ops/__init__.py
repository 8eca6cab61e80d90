"""Numeric helpers that know nothing of learning."""
