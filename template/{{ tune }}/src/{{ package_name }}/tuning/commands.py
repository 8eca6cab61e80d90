"""The commands of this component."""

COMMANDS = {
    "tune": "Search the parameters of the model, as conf/search.yaml says",
}
