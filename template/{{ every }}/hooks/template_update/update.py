"""`copier update` in the work tree, with a stop at conflicts."""

from . import conflicts, template


def update() -> list[str]:
    """Merge the newest version; returns the files left in conflict."""
    template.ready()
    before = template.version()
    template.update()
    torn = conflicts.left()
    report(before, template.version(), torn, "`git reset --hard && git clean -df`")
    return torn


def report(before: str, after: str, torn: list[str], back: str) -> None:
    """Print what was done and what is next."""
    moved = f"{before} -> {after}" if before != after else f"{after}, nothing new"
    if not torn:
        print(f"template  {moved}; next: make setup check test && uv run checklist news")
        return
    print(f"template  {moved}: {len(torn)} files in conflict")
    print("\n".join(f"          {name}" for name in torn))
    print(f"          resolve them and commit, or go back with {back}")
