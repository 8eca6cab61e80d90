"""A machine-learning project from data to report: prepare, train, evaluate, predict."""
