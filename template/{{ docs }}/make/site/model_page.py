"""What reports/ say of the model in use, for the end of the model card."""

import json
from pathlib import Path
from typing import Any

REPORT = "report.html"  # of the site
CHAMPION, RECORD = Path("reports/champion.json"), Path("reports/run.json")


def in_use() -> str:
    """A section of Markdown; it says so where no model was promoted."""
    run = _read(RECORD)
    facts = _read(CHAMPION)
    parts = ["\n\n## In use\n"]
    if facts:
        parts += [
            "Written from `reports/champion.json`, which `promote-model` writes.\n",
            _table(
                {
                    "version": facts["version"],
                    "kind": facts["model"],
                    "registered": facts["created"],
                    "trained in run": facts["run"],
                    "on commit": facts["git"]["commit"],
                    "from data (sha256)": facts["data"]["original"],
                    "answers by": facts["engine"],
                }
            ),
        ]
    else:
        parts.append("No model was promoted yet: `register`, then `promote-model`.\n")
    if report():
        parts.append(f"\n[The whole report of run {run['run']}]({REPORT})\n")
    return "\n".join(parts)


def report() -> Path | None:
    """The page that `evaluate` wrote for the run of reports/, where that run is on this machine."""
    path = Path("logs", str(_read(RECORD).get("run")), "report.html")
    return path if path.is_file() else None


def _table(rows: dict[str, Any]) -> str:
    return "\n".join(["| | |\n|---|---|", *(f"| {k} | `{v}` |" for k, v in rows.items()), ""])


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
