"""Run the tool as `python -m ml_checklist`."""

from ml_checklist.cli import script

script()
