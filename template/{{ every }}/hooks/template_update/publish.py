"""Push a prepared update and open its pull request, or update the one that is open.

Runs beside the prepared files in a checkout of the base: nothing of the new version is run here.
"""

import json
from pathlib import Path
from typing import Any

from . import github, gitlab
from .shell import TemplateError, attempt, git, last_line

FOLDER = Path(".checklist")
HOSTS: dict[str, Any] = {"github": github, "gitlab": gitlab}


def publish(host: str) -> None:
    """Publish what `prepare` left; nothing where it left nothing."""
    path = FOLDER / "template-update.json"
    if not path.is_file():
        return
    update: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    text = (FOLDER / "template-update.md").read_text(encoding="utf-8")
    made = HOSTS[host]
    if made.declined(update):
        print(f"{update['title']} was closed by somebody, so it is not opened again")
        return
    branch = update["branch"]
    bundle = str(FOLDER / "template-update.bundle")
    git("fetch", "--quiet", bundle, f"+refs/heads/{branch}:refs/prepared/template-update")
    push(made, branch)
    print(f"{update['title']}: {made.show(update, text)}")


def push(host: Any, branch: str) -> None:
    """Push the branch, unless people have committed to it since it was prepared."""
    known = attempt(["git", "rev-parse", "--verify", "--quiet", f"refs/remotes/origin/{branch}"])
    lease = f"--force-with-lease=refs/heads/{branch}:{known.stdout.strip()}"
    ref = f"refs/prepared/template-update:refs/heads/{branch}"
    done = attempt(["git", *host.credentials(), "push", "--quiet", lease, host.remote(), ref])
    if done.returncode and "workflow" in done.stderr:
        remedy = "store one that may as TEMPLATE_UPDATE_TOKEN"
        raise TemplateError(f"this token may not change workflows; {remedy}")
    if done.returncode:
        raise TemplateError(f"{branch} could not be pushed: {last_line(done)}")
