"""Judge predictions: metrics, intervals, slices, calibration, the report."""
