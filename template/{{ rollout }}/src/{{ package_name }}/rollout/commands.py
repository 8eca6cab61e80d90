"""The commands of this component."""

COMMANDS = {
    "rollout": "Bring a version to the running service by shadow or canary, or switch off",
    "rehearse": "Roll the running service back and forward, and record the seconds",
    "ab-test": "Plan an experiment, or compare two versions with as many looks as you like",
}
