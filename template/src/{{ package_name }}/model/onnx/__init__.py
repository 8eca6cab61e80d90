"""The same model as an ONNX graph: one row answered in microseconds, without scikit-learn."""
