"""Faults that machine-learning projects really ship, and where each must be caught."""
