"""The commands: prepare, train, evaluate, predict, compare."""
