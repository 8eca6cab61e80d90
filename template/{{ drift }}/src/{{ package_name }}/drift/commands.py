"""The command of this component."""

COMMANDS = {"drift": "Compare valid, or a new file, with train, column by column"}
