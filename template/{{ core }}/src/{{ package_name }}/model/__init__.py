"""Features, preprocessing, estimators, and the file of a model."""
