"""The page of an update on GitHub, by its own command `gh`, which finds its token in GH_TOKEN."""

import json
from typing import Any

from .shell import run


def credentials() -> list[str]:
    """Options by which git asks `gh` for the token, so that it stands on no command line."""
    helper = "credential.https://github.com.helper"
    return ["-c", f"{helper}=", "-c", f"{helper}=!gh auth git-credential"]


def remote() -> str:
    """Where to push."""
    return "origin"


def _pages(update: dict[str, Any], state: str, fields: str) -> list[dict[str, Any]]:
    where = ["--head", update["branch"], "--base", update["base"], "--state", state]
    listed: list[dict[str, Any]] = json.loads(run(["gh", "pr", "list", *where, "--json", fields]))
    return listed


def declined(update: dict[str, Any]) -> bool:
    """Whether somebody closed this very version without merging it."""
    closed = _pages(update, "closed", "title,mergedAt")
    return any(page["title"] == update["title"] and not page["mergedAt"] for page in closed)


def show(update: dict[str, Any], text: str) -> str:
    """Open the page, or bring the open one up to date; what was done."""
    named = ["--title", update["title"], "--body-file", "-"]
    pages = _pages(update, "open", "number,isDraft")
    if not pages:
        where = ["--head", update["branch"], "--base", update["base"]]
        draft = ["--draft"] if update["draft"] else []
        return run(["gh", "pr", "create", *where, *named, *draft], stdin=text)
    number = str(pages[0]["number"])
    run(["gh", "pr", "edit", number, *named], stdin=text)
    if pages[0]["isDraft"] != update["draft"]:
        run(["gh", "pr", "ready", number, *(["--undo"] if update["draft"] else [])])
    return f"refreshed #{number}"
