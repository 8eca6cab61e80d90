"""What `explain`, `ablate`, `fairness` and the judges of worth and errors find, on known data."""
