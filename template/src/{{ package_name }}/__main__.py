"""`python -m <package>` opens the same door as the console script."""

import sys

from .main import main

if __name__ == "__main__":
    sys.exit(main())
