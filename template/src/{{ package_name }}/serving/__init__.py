"""Answers for others: one at a time, in a file, from a queue."""
