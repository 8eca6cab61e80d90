"""The commands of this component."""

COMMANDS = {
    "rollout": "Bring a version to the running service by shadow or canary, or switch off",
    "rehearse": "Roll the running service back and forward, and record the seconds",
    "ab-plan": "How many users an experiment needs",
    "ab-test": "Compare two versions, with as many looks as you like",
}
