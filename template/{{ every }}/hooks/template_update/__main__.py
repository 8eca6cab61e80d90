"""Command-line entry point, `python -m template_update update|prepare|publish|merge`.

0 done or nothing to do, 1 conflicts are left for a person, 2 it could not be done.
"""

import argparse
import sys

from .shell import TemplateError


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="template_update", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    words.add_parser("update", help="`copier update` here, with a stop at conflicts")
    prepare = words.add_parser("prepare", help="an update on a branch of its own, and its text")
    pushed = "push what was prepared, open or update its pull request"
    publish = words.add_parser("publish", help=pushed)
    publish.add_argument("--host", choices=("github", "gitlab"), default="github")
    for each in (prepare, publish):
        each.add_argument("--base", default="main", help="the branch that is updated (main)")
    merge = words.add_parser("merge", help="a true merge, by the branch TEMPLATE")
    merge.add_argument("--to", default="", help="the version; default: the newest")
    merge.add_argument("--data", action="append", default=[], metavar="NAME=VALUE")
    return parser.parse_args()


def main() -> int:
    """Run one word."""
    args = parsed()
    try:
        return 1 if run(args) else 0
    except TemplateError as error:
        print(f"template: {error}", file=sys.stderr)
        return 2


def run(args: argparse.Namespace) -> list[str]:
    """Run the word of the arguments; the files that are left in conflict for a person."""
    if args.word == "publish":  # needs nothing but Python: it runs where no project is set up
        from . import publish

        publish.publish(args.host, args.base)
        return []
    from . import merge, prepare

    if args.word == "prepare":
        prepare.prepare(args.base)
        return []
    return merge.merge(args.to, args.data) if args.word == "merge" else merge.update()


if __name__ == "__main__":
    sys.exit(main())
