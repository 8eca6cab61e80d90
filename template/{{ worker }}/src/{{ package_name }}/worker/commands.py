"""The command of this component."""

COMMANDS = {"worker": "Predict requests from a Redis stream with the champion"}
