"""The commands of this component."""

COMMANDS = {
    "explain": "Show what drives the predictions: importance on valid, and single rows",
    "ablate": "Fit the model without each feature, and compare on valid",
    "errors": "Show where the model is wrong on valid: slices, sure errors, near rows",
    "business": "Compute what the predictions on valid are worth, and the best threshold",
}
