"""The commands of this component."""

COMMANDS = {"audit": "Look for faults in code, data, records and reports, with file and line"}
