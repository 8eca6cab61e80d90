"""The commands of this component."""

COMMANDS = {
    "export": "Write the champion as ONNX beside it, with a check and a fallback",
    "serve": "Predict over HTTP with the champion",
    "openapi": "Write docs/openapi.json; refuse what would break its callers",
    "load-test": "Put the load of conf/slo.yaml on a running service, then twice that",
}
