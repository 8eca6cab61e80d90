"""The commands of this component."""

COMMANDS = {
    "check-network": "Look for the usual faults of the network and its loss",
    "learning-rate": "Try learning rates in one pass over train, and suggest one",
    "resume": "Continue the newest training that was stopped",
}
