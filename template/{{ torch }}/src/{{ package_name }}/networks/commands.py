"""The commands of this component."""

COMMANDS = {
    "learning-rate": "Try learning rates in one pass over train, and suggest one",
    "resume": "Continue the newest training that was stopped",
}
