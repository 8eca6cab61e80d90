"""What `explain`, `ablate` and `fairness` do, each step in a file of its own."""
