"""The commands of this component."""

COMMANDS = {
    "bench": "Compare latency, throughput, memory and training with the accepted version",
    "feature-cost": "Time each step from a request to the model's input, on single rows",
    "lead-time": "How long changes wait for a release, and the share of failed releases",
    "cost": "Price and energy of a training and of 1,000 predictions",
    "profile-service": "Which functions a request to /predict spends its time in",
}
