"""The pull request of an update on GitHub, by the command `gh`; its token is in GH_TOKEN."""

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


def _pull_requests(update: dict[str, Any], state: str, fields: str) -> list[dict[str, Any]]:
    where = ["--head", update["branch"], "--base", update["base"], "--state", state]
    listed: list[dict[str, Any]] = json.loads(run(["gh", "pr", "list", *where, "--json", fields]))
    return listed


def declined(update: dict[str, Any]) -> bool:
    """Whether somebody closed this very version without merging it."""
    closed = _pull_requests(update, "closed", "title,mergedAt")
    return any(one["title"] == update["title"] and not one["mergedAt"] for one in closed)


def show(update: dict[str, Any], text: str) -> str:
    """Open the pull request, or update the open one; returns what was done."""
    named = ["--title", update["title"], "--body-file", "-"]
    found = _pull_requests(update, "open", "number,isDraft")
    if not found:
        where = ["--head", update["branch"], "--base", update["base"]]
        draft = ["--draft"] if update["draft"] else []
        return run(["gh", "pr", "create", *where, *named, *draft], stdin=text)
    number = str(found[0]["number"])
    run(["gh", "pr", "edit", number, *named], stdin=text)
    if found[0]["isDraft"] != update["draft"]:
        run(["gh", "pr", "ready", number, *(["--undo"] if update["draft"] else [])])
    return f"refreshed #{number}"
