"""The commands of this component."""

COMMANDS = {
    "bench": "Compare speed, memory and training with the accepted version; price and energy",
    "feature-cost": "Time each step from a request to the model's input, on single rows",
    "lead-time": "How long changes wait for a release, and the share of failed releases",
}
