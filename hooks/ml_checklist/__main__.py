"""Run the tool as `python -m ml_checklist`."""

import sys

from ml_checklist.cli import main

if __name__ == "__main__":
    sys.exit(main())
