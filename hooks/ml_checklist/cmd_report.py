"""`checklist report`: everything, in the form that you need."""

import argparse
from pathlib import Path

from ml_checklist import atomic, opening, render_json
from ml_checklist.errors import DataError, nearest
from ml_checklist.survey import Survey


def run(args: argparse.Namespace) -> bool:
    """Print or write the report."""
    survey = opening.surveyed(args)
    sections = survey.project.catalog.sections
    if args.section and args.section not in sections:
        raise DataError(
            f"--section: unknown section {args.section!r}{nearest(args.section, sections)}"
        )
    text = _view(survey, args.view, args.format) if args.view else _whole(survey, args)
    if args.output:
        atomic.write(Path(args.output), text.rstrip("\n") + "\n")
    else:
        print(text)
    opening.refuse_broken(survey)
    return True


def _whole(survey: Survey, args: argparse.Namespace) -> str:
    from ml_checklist import render_html, render_markdown, render_mermaid, render_text

    if args.format == "json":
        data = render_json.report(survey)
        data["items"] = [item for item in data["items"] if args.section in (None, item["section"])]
        return render_json.dump(data)
    if args.format == "md":
        return render_markdown.page(survey, args.section)
    if args.format == "mermaid":
        return render_mermaid.mind_map(survey, args.section)
    if args.format == "html":
        return render_html.page(survey)
    return f"{render_text.all_items(survey, args.section)}\n\n{render_text.status(survey)}"


def _view(survey: Survey, name: str, form: str) -> str:
    from ml_checklist import render_view, views

    view = views.fill(survey, name)
    if form == "json":
        groups = [
            {
                "title": title,
                "entries": [
                    {"name": r.name, "points": r.points, "items": [s.item.id for s in r.statuses]}
                    for r in rows
                ],
            }
            for title, rows in view.groups
        ]
        return render_json.dump({"view": name, "score": view.score, "groups": groups})
    if form == "text":
        return render_view.text(view)
    if form == "md":
        return render_view.markdown(view)
    raise DataError(
        f"--view: has no format {form}; use text, md or json (the HTML page holds all views)"
    )
