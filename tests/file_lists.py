"""Keep copier.yml's lists of root files equal to the folders that hold them.

`python tests/file_lists.py` rewrites the lists; `test_root_files.py` holds them equal.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADING = "# Files of this repository's root that a project receives as they are"

# Name of the hidden answer -> folder whose files it lists; a sub-folder has an answer of its own.
FOLDERS = {
    "tool_files": "hooks/ml_checklist",
    "tool_commands": "hooks/ml_checklist/commands",
    "tool_render": "hooks/ml_checklist/render",
    "tool_compare": "hooks/ml_checklist/compare",
    "tool_state": "hooks/ml_checklist/state",
    "tool_catalog": "hooks/ml_checklist/catalog",
    "tool_probes": "hooks/ml_checklist/probes",
    "catalog_files": "checklists",
    "catalog_views": "checklists/views",
    "catalog_schemas": "checklists/schema",
}


def files_in(folder: str) -> list[str]:
    """Names of the files that git knows or would add, directly in `folder`; sorted."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "--", folder]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = [Path(line) for line in listed.splitlines()]
    return sorted(p.name for p in paths if p.parent == Path(folder) and (ROOT / p).is_file())


def render() -> str:
    """The block at the end of copier.yml, made from the folders."""
    lines = [f"{HEADING} (a test holds these lists equal to the folders)."]
    for name, folder in FOLDERS.items():
        lines += [f"{name}:", "  type: yaml", "  when: false", "  default: |"]
        lines += [f"    - {file}" for file in files_in(folder)] or ["    []"]
    return "\n".join(lines) + "\n"


def current() -> tuple[str, str]:
    """copier.yml up to the lists, and the lists."""
    text = (ROOT / "copier.yml").read_text(encoding="utf-8")
    head, heading, tail = text.partition(HEADING)
    return head, heading + tail


def main() -> int:
    """Rewrite the lists in copier.yml."""
    head, _ = current()
    (ROOT / "copier.yml").write_text(head + render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
