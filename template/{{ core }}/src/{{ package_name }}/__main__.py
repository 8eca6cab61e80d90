"""`python -m <package>` runs the same command line as the console script."""

import sys

from .main import main

if __name__ == "__main__":
    sys.exit(main())
