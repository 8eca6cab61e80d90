"""Pages made from README.md, CHANGELOG.md, reports/ and the checklist."""

import json
import re
import subprocess
from pathlib import Path

CHANGELOG, PROMOTION = Path("CHANGELOG.md"), Path("reports/promotion.json")
WIDE = "---\nhide: [toc]\n---\n\n"  # wide tables


def pages() -> dict[str, str]:
    """Name -> Markdown: home, changelog, and the checklist with a page for each section."""
    home = Path("README.md").read_text(encoding="utf-8").replace("](docs/", "](")
    # A file that is not part of the site is named, not linked.
    made = {"index.md": re.sub(r"\[([^\]]+)\]\((?:LICENSE|[A-Z]+\.md|\w+/)\)", r"\1", home)}
    if CHANGELOG.is_file():
        made["changelog.md"] = CHANGELOG.read_text(encoding="utf-8")
    command = ["checklist", "report", "--format", "md"]
    report = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    overview, *sections = re.split(r"^## ", report, flags=re.MULTILINE)
    made["checklist/index.md"] = f"{WIDE}{overview}"
    for section in sections:
        name = re.sub(r"\W+", "-", section.partition("\n")[0].lower()).strip("-")
        made[f"checklist/{name}.md"] = f"{WIDE}# {section}"
    return made


def reports() -> dict[str, Path]:
    """Name in the site -> file: the pages that evaluation and components wrote."""
    return {f"reports/{path.name}": path for path in sorted(Path("reports").glob("*.html"))}


def champion() -> str:
    """The end of the model card: the version in use, and the reports; Markdown."""
    lines = ["\n\n## In use\n"]
    if PROMOTION.is_file():
        facts = json.loads(PROMOTION.read_text(encoding="utf-8"))
        names = ("version", "model", "created", "run", "sha256")
        rows = [f"| {name} | `{facts[name]}` |" for name in names]
        lines += ["| `promote` wrote | |", "|---|---|", *rows]
    else:
        lines.append("No model is promoted yet.")
    lines += ["", *(f"* [{path.stem}]({name})" for name, path in reports().items()), ""]
    return "\n".join(lines)
