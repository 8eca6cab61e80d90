"""`checklist report`: everything, in the form that you need."""

import argparse
from pathlib import Path

from ml_checklist import files
from ml_checklist.commands import common
from ml_checklist.commands.common import Command, formats, given
from ml_checklist.errors import DataError, nearest
from ml_checklist.render import data, html, markdown, text
from ml_checklist.state import views
from ml_checklist.state.survey import Survey


def report(args: argparse.Namespace) -> bool:
    survey = common.surveyed(args)
    sections = survey.project.catalog.sections
    if args.section and args.section not in sections:
        hint = nearest(args.section, sections)
        raise DataError(f"--section: unknown section {args.section!r}{hint}")
    content = _view(survey, args.view, args.format) if args.view else _whole(survey, args)
    if args.output:
        files.write(Path(args.output), content.rstrip("\n") + "\n")
    else:
        print(content)
    common.refuse_broken(survey)
    return True


def _whole(survey: Survey, args: argparse.Namespace) -> str:
    if args.format == "json":
        found = data.report(survey)
        found["items"] = [i for i in found["items"] if args.section in (None, i["section"])]
        return data.dump(found)
    if args.format == "html":
        return html.page(survey)
    if args.format in ("md", "mermaid"):
        form = markdown.page if args.format == "md" else markdown.mind_map
        return form(survey, args.section)
    if args.section:
        return text.one_section(survey, args.section)
    return f"{text.sections(survey)}\n\n{text.status(survey)}"


def _view(survey: Survey, name: str, form: str) -> str:
    view = views.fill(survey, name)
    if form == "json":
        return data.dump({"view": name, "score": view.score, "groups": data.view_groups(view)})
    if form in ("text", "md"):
        return text.view_lines(view) if form == "text" else markdown.view_page(view)
    remedy = "use text, md or json (the HTML page holds all views)"
    raise DataError(f"--view: has no format {form}; {remedy}")


_VIEW_HELP = "the same items in another order, such as ml-test-score"
_ARGUMENTS = (
    formats("text", "md", "html", "json", "mermaid"),
    given("--view", metavar="NAME", help=_VIEW_HELP),
    given("--section", metavar="NAME", help="one section only"),
    given("--output", "-o", metavar="FILE", help="write there instead of printing"),
)
COMMANDS: dict[str, Command] = {"report": (report, _ARGUMENTS)}
