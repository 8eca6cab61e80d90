"""The commands of this component."""

COMMANDS = {
    "monitor": "Judge the logged predictions by window: drift, quality, age, refusals",
    "labels": "Join true labels from a file to the logged predictions",
    "skew": "Replay logged rows through training, and compare with what was served",
}
