"""The commands of this component."""

COMMANDS = {
    "runs": "List the runs in logs/, or compare two",
    "complexity": "Measure time and memory of the model on growing numbers of rows",
}
