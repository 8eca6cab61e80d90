"""A stand-in for `gh`: keeps pull requests in a file, and every call in another."""

import json
import os
import sys
from pathlib import Path

HOME = Path(os.environ["FAKE_GH"])


def option(words: list[str], name: str) -> str:
    """What follows an option."""
    return words[words.index(name) + 1] if name in words else ""


def main() -> int:
    """Answer one call."""
    words = sys.argv[1:]
    with (HOME / "calls").open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    pages = json.loads((HOME / "pages").read_text()) if (HOME / "pages").exists() else []
    if words[:2] == ["pr", "list"]:
        fields = option(words, "--json").split(",")
        found = [p for p in pages if p["state"] == option(words, "--state")]
        print(json.dumps([{field: page[field] for field in fields} for page in found]))
    elif words[:2] == ["pr", "create"]:
        page = {"number": len(pages) + 1, "state": "open", "isDraft": "--draft" in words}
        page |= {"title": option(words, "--title"), "body": sys.stdin.read(), "mergedAt": None}
        pages.append(page)
        print(f"https://example.org/pull/{page['number']}")
    elif words[:2] == ["pr", "edit"]:
        changed = {"title": option(words, "--title"), "body": sys.stdin.read()}
        pages[int(words[2]) - 1] |= changed
    elif words[:2] == ["pr", "ready"]:
        pages[int(words[2]) - 1]["isDraft"] = "--undo" in words
    else:
        return 1
    (HOME / "pages").write_text(json.dumps(pages))
    return 0


if __name__ == "__main__":
    sys.exit(main())
