"""The command of this component."""

COMMANDS = {"batch": "Predict a file of any size, part by part; a stopped job resumes"}
