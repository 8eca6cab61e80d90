"""The parts of the report, one file each: ORDER, TITLE, section(evaluation, run)."""
