"""The commands of this component."""

COMMANDS = {
    "dependence": "Show how predictions depend on each column: partial dependence and ALE",
    "counterfactual": "Find the smallest change of one row that changes its prediction",
    "trace": "Follow one row through every step to its prediction",
    "structure": "Draw the steps of the model on a page",
}
