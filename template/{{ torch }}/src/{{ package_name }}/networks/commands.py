"""The commands of this component."""

COMMANDS = {
    "resume": "Continue the newest training that was stopped",
}
