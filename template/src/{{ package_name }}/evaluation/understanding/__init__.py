"""Judge more than the average: what drives a model, what it is worth, where it errs, for whom."""
