"""Files, logs, records of runs; nothing about models."""
