"""What an adopter's own files kept out: each is named, with the lines to put in by hand."""

from pathlib import Path

from ml_checklist import origin
from ml_checklist.errors import Problem

HOOK = "\n".join(
    (
        "  - repo: local",
        "    hooks:",
        "      - id: checklist",
        "        name: checklist data",
        "        entry: uv run --project hooks checklist validate",
        "        language: system",
        "        files: ^checklist/",
    )
)
# File of ours -> (a word that it would hold, what to do when it does not).
WANTED = {
    ".pre-commit-config.yaml": ("checklist validate", f"add under `repos:`\n{HOOK}"),
    ".gitattributes": (
        "checklist/catalog",
        "add `checklist/catalog/** linguist-generated eol=lf` and the same for hooks/**",
    ),
    "CODEOWNERS": (
        "checklist/waivers",
        "give hooks/, checklist/catalog/ and checklist/waivers/ owners",
    ),
    ".gitignore": (".checklist", "add the line `.checklist/`"),
}


def left_out(home: Path) -> list[Problem]:
    """A warning for each file that is the owner's and does not know of the checklist yet."""
    if origin.read(home).scaffold != "checklist":
        return []
    found = []
    for name, (word, advice) in WANTED.items():
        path = home / name
        if path.is_file() and word not in path.read_text(encoding="utf-8", errors="replace"):
            found.append(Problem(name, 0, f"is yours and was left as it is; {advice}"))
    if not (home / "hooks/ml_checklist").is_dir():
        text = "is missing, so this project does not carry its own tool; run `copier update`"
        found.append(Problem("hooks/ml_checklist", 0, text))
    return found
