"""`checklist news`: what the last update of the catalog brought."""

import argparse
import tempfile
from pathlib import Path

from ml_checklist import export, gitrepo, news, opening, origin, render_json, render_news
from ml_checklist.project import Project


def run(args: argparse.Namespace) -> bool:
    """Print the news."""
    survey = opening.surveyed(args)
    revision = news.previous(survey.project, args.since)
    old = news.old_items(survey.project, revision)
    touched = news.files_since(survey.project, revision)
    found = news.entries(survey, old, touched) if old else []
    if args.format == "json":
        print(render_json.dump([entry._asdict() for entry in found]))
    elif args.format == "md":
        now = origin.read(survey.project.home).version
        print(render_news.markdown(found, (version_at(survey.project, revision), now)))
    elif not old:
        print("no news: this is the first catalog that the history knows")
    else:
        print(render_news.text(found) if found else f"no news since {revision}")
    return True


def version_at(project: Project, revision: str) -> str:
    """The template's version at a revision."""
    top = gitrepo.top_level(project.home)
    if top is None or gitrepo.git(top, "rev-parse", "--verify", "--quiet", f"{revision}^0") is None:
        return ""
    place = (project.home / origin.ANSWERS).relative_to(top.resolve()).as_posix()
    with tempfile.TemporaryDirectory(prefix="ml-checklist-") as folder:
        export.lay_out(top, revision, Path(folder), place)
        return origin.read((Path(folder) / place).parent).version
