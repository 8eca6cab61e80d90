"""The commands of this component."""

COMMANDS = {
    "retrain": "Train, evaluate and register again, if it is due; never promote",
    "staleness": "Measure by time how fast a model loses quality",
}
