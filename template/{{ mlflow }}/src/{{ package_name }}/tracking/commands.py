"""The command of this component."""

COMMANDS = {"track": "Copy every run of logs/ that is not there yet to MLflow"}
