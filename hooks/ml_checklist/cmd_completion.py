"""`checklist completion`: words for the shell to complete."""

import argparse

from ml_checklist import completion, opening


def run(args: argparse.Namespace) -> bool:
    """Print the script of a shell, or with `items` the ids that it asks for."""
    if args.shell == "items":
        print("\n".join(opening.project(args).catalog.items))
    else:
        print(completion.script(args.shell), end="")
    return True
