"""Run the tool as `python -m ml_checklist`."""

import sys

from ml_checklist.cli import main

sys.exit(main())
