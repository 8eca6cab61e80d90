"""Push a prepared update and open its pull request, or update the one that is open.

Runs beside the prepared files in a checkout of the base: nothing of the new version is run here.
Whoever made those files ran code of the new version, so what they claim is checked: the branch is
always the same one, and it holds commits of the bot on top of the base and nothing else.
"""

import json
import re
from pathlib import Path
from typing import Any

from . import github, gitlab
from .shell import TemplateError, attempt, git, last_line

# The one branch that this tool pushes, and what each of its commits carries.
BRANCH, TRAILER = "template-update", "Template-Update"
FOLDER = Path(".checklist")
HOSTS: dict[str, Any] = {"github": github, "gitlab": gitlab}
PREPARED = "refs/prepared/template-update"
_TITLE = re.compile(r"Template [\w.+-]{1,60} -> [\w.+-]{1,60}")


def publish(host: str, base: str) -> None:
    """Publish what `prepare` left; nothing where it left nothing."""
    path = FOLDER / "template-update.json"
    if not path.is_file():
        return
    update = checked(json.loads(path.read_text(encoding="utf-8")), base)
    text = (FOLDER / "template-update.md").read_text(encoding="utf-8")
    made = HOSTS[host]
    if made.declined(update):
        print(f"{update['title']} was closed by somebody, so it is not opened again")
        return
    fetch(FOLDER / "template-update.bundle", base)
    push(made)
    print(f"{update['title']}: {made.show(update, text)}")


def checked(update: dict[str, Any], base: str) -> dict[str, Any]:
    """The update with the branch and the base that are ours to choose; refuses any other."""
    if (update.get("branch"), update.get("base")) != (BRANCH, base):
        raise TemplateError(f"the prepared update is not one of {BRANCH} on {base}; not published")
    if not _TITLE.fullmatch(str(update.get("title"))):
        raise TemplateError("the prepared update has another title than ours; not published")
    return {**update, "draft": bool(update.get("draft"))}


def fetch(bundle: Path, base: str) -> None:
    """Take the prepared branch; refuses one that is not one commit of the bot on the base."""
    git("fetch", "--quiet", "--no-tags", str(bundle), f"+refs/heads/{BRANCH}:{PREPARED}")
    form = f"%P%x09%(trailers:key={TRAILER},valueonly,separator=%x2C)"
    parents, _, version = git("log", "-1", f"--format={form}", PREPARED).partition("\t")
    below = attempt(["git", "merge-base", "--is-ancestor", parents, f"refs/remotes/origin/{base}"])
    if below.returncode or not version:
        raise TemplateError(f"the prepared branch is not one commit of ours on {base}; not pushed")


def push(host: Any) -> None:
    """Push the branch, unless people have committed to it since it was prepared."""
    known = attempt(["git", "rev-parse", "--verify", "--quiet", f"refs/remotes/origin/{BRANCH}"])
    lease = f"--force-with-lease=refs/heads/{BRANCH}:{known.stdout.strip()}"
    ref = f"{PREPARED}:refs/heads/{BRANCH}"
    done = attempt(["git", *host.credentials(), "push", "--quiet", lease, host.remote(), ref])
    if done.returncode and "workflow" in done.stderr:
        remedy = "store one that may as TEMPLATE_UPDATE_TOKEN"
        raise TemplateError(f"this token may not change workflows; {remedy}")
    if done.returncode:
        raise TemplateError(f"{BRANCH} could not be pushed: {last_line(done)}")
