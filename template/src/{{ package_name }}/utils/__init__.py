"""Files, logs, records: helpers that know nothing of this project."""
