"""The commands of this component."""

COMMANDS = {
    "register": "Keep the newest evaluated run as a new version of the model",
    "models": "List the registered versions",
    "promote": "Make a version champion, if it passes conf/gates.yaml",
    "rollback": "Make the previous champion champion again",
}
