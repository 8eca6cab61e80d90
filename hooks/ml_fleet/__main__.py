"""`python -m ml_fleet`."""

from ml_fleet.cli import main

raise SystemExit(main())
