"""Prepare an update as a bot does: on its own branch, checked, with the pull request's text.

Nothing is pushed. Silent when there is nothing new, when the branch is up to date, and when people
have taken the branch over.
"""

import json

from . import body, conflicts, template
from .publish import BRANCH, FOLDER, TRAILER
from .shell import attempt, exists, git, last_line

CHECKS = ("setup", "check", "test")
AUTHOR = "template update"
MAIL = "template-update@localhost"


def prepare(base: str) -> None:
    """Leave the branch and its text, or nothing."""
    for file in FOLDER.glob("template-update.*"):
        file.unlink()
    template.ready()
    start = git("branch", "--show-current") or git("rev-parse", "HEAD")
    attempt(["git", "fetch", "--quiet", "origin"])  # without a network: what is known here
    root = f"origin/{base}" if exists(f"origin/{base}") else base
    latest = "" if taken_over(root) else template.newer()
    if not latest or _known(root, latest):
        return
    git("switch", "--quiet", "--force-create", BRANCH, root)
    try:
        _update(base, root)
    finally:
        git("add", "--all")  # so that the reset takes new files along
        git("reset", "--quiet", "--hard")
        git("switch", "--quiet", start)


def taken_over(root: str) -> bool:
    """Whether people have committed to the bot's branch: then it is theirs until it is merged."""
    theirs = f"origin/{BRANCH}"
    if not exists(theirs):
        return False
    form = f"%H%x09%(trailers:key={TRAILER},valueonly,separator=%x2C)"
    commits = git("log", f"--format={form}", f"{root}..{theirs}").splitlines()
    by_people = [line.split("\t")[0][:7] for line in commits if not line.partition("\t")[2]]
    if by_people:
        print(f"{BRANCH} holds commits of people ({', '.join(by_people)}); it is left alone")
    return bool(by_people)


def _update(base: str, root: str) -> None:
    before = template.version()
    template.update()
    after = template.version()
    torn = conflicts.stage()
    checks = [] if torn else [_check(word) for word in CHECKS]
    title = f"Template {before} -> {after}"
    git("add", "--all")
    who = ["-c", f"user.name={AUTHOR}", "-c", f"user.email={MAIL}"]
    message = f"{title}\n\n{TRAILER}: {after}"
    git(*who, "commit", "--quiet", "--no-verify", "--allow-empty", "--message", message)
    text = body.text(BRANCH, news(root), checks, torn)
    FOLDER.mkdir(exist_ok=True)
    bundle = str(FOLDER / "template-update.bundle")
    git("bundle", "create", "--quiet", bundle, f"{root}..refs/heads/{BRANCH}")
    facts = {"branch": BRANCH, "base": base, "title": title, "draft": bool(torn), "conflicts": torn}
    (FOLDER / "template-update.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    (FOLDER / "template-update.md").write_text(text, encoding="utf-8")
    print(f"{title}: {f'{len(torn)} files in conflict' if torn else 'no conflicts'}")


def _known(root: str, latest: str) -> bool:
    """Whether the bot's branch holds this version already, on top of this very base."""
    theirs = f"origin/{BRANCH}"
    if not exists(theirs) or not exists(f"{theirs}^"):
        return False
    version = git("log", "-1", f"--format=%(trailers:key={TRAILER},valueonly)", theirs).strip()
    parent = git("rev-parse", f"{theirs}^")
    return version.removeprefix("v") == latest and parent == git("rev-parse", root)


def _check(word: str) -> body.Check:
    done = attempt(["make", "--no-print-directory", word])
    return body.Check(f"make {word}", done.returncode == 0, done.stdout + done.stderr)


def news(root: str) -> str:
    """What the checklist says of the update, by its new version."""
    command = ["uv", "run", "--no-sync", "checklist", "news", "--since", root]
    done = attempt([*command, "--format", "md"])
    if done.returncode:
        return f"`checklist news` failed: {body.escape(last_line(done))}"
    return done.stdout.strip()
