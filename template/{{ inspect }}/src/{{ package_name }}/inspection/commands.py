"""The commands of this component."""

COMMANDS = {
    "dependence": "Draw the model's steps, and how its predictions depend on each column",
    "counterfactual": "Find the smallest change of one row that changes its prediction",
    "trace": "Follow one row through every step to its prediction",
}
