"""The command of this component."""

COMMANDS = {"fairness": "Compare the model's errors between the groups of conf/fairness.yaml"}
