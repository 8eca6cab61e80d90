"""Read YAML files as strictly as the checklist reads its own; prints what is wrong.

`python hooks/strict_yaml.py FILE ...`
"""

import sys
from pathlib import Path

from ml_checklist import yaml_io
from ml_checklist.errors import DataError


def faults(paths: list[str]) -> list[str]:
    """What is wrong with the files, a line each."""
    found = []
    for path in paths:
        try:
            yaml_io.load(Path(path))
        except DataError as error:
            found.append(str(error))
    return found


if __name__ == "__main__":
    sys.exit("\n".join(faults(sys.argv[1:])) or 0)
