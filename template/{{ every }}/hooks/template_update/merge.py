"""Take a new version in by hand: by `copier update`, or for big jumps by a true merge of git.

For the merge the template's versions have a branch of their own: TEMPLATE holds nothing but what
the template rendered, and only this tool commits to it.
Renders happen in a temporary folder and are committed without a checkout, so that the work tree and
the current branch are touched by git's own merge alone.
"""

import shutil
import tempfile
from pathlib import Path

from . import conflicts, template
from .shell import TemplateError, attempt, exists, git, last_line

BRANCH = "TEMPLATE"
REF = f"refs/heads/{BRANCH}"
TRAILER = "Template-Version"


def update() -> list[str]:
    """Run `copier update` in the work tree; returns the files left in conflict."""
    template.ready()
    before = template.version()
    template.update()
    torn = conflicts.left()
    back = "`git reset --hard && git clean -df`"
    conflicts.report(before, template.version(), torn, back)
    return torn


def merge(to: str, data: list[str]) -> list[str]:
    """Merge a version of the template into the current branch; the files left in conflict."""
    template.ready()
    if exists("MERGE_HEAD"):
        remedy = "`git merge --continue` or `git merge --abort` first"
        raise TemplateError(f"a merge is under way; {remedy}")
    tip = _tip()
    given = template.answers(git("show", f"HEAD:{template.ANSWERS}"))
    joined = _joined(tip)
    if not joined:
        tip = _commit(tip, given, str(given["_commit"]))
    changed = given | dict(pair.partition("=")[::2] for pair in data)
    wanted = _commit(tip, changed, to)
    if not joined:
        _join(tip)
    git("update-ref", REF, wanted)
    return _merged(wanted)


def _tip() -> str:
    """The last version on the branch, here or at origin; empty where there is no branch yet."""
    places = [ref for ref in (REF, f"refs/remotes/origin/{BRANCH}") if exists(ref)]
    if not places:
        return ""
    behind = attempt(["git", "merge-base", "--is-ancestor", places[0], places[-1]])
    place = places[0] if behind.returncode else places[-1]
    form = f"%h %(trailers:key={TRAILER},valueonly,separator=%x2C)"
    for line in git("log", f"--format={form}", place).splitlines():
        commit, _, version = line.partition(" ")
        if not version:
            raise TemplateError(
                f"{BRANCH} holds {commit}, which this tool did not make, so a merge would take "
                f"files of yours away; `git branch -m {BRANCH} old-{BRANCH}`, at origin too, and "
                "run it again"
            )
    return git("rev-parse", place)


def _joined(tip: str) -> bool:
    """Whether git knows, from a merge, that this branch is on the version its answers name."""
    base = attempt(["git", "merge-base", "HEAD", tip]).stdout.strip() if tip else ""
    if not base:
        return False
    held = attempt(["git", "rev-parse", f"{base}:{template.ANSWERS}", f"HEAD:{template.ANSWERS}"])
    return len(set(held.stdout.split())) == 1


def _commit(parent: str, given: dict[str, object], revision: str) -> str:
    """A commit of the rendered template after `parent`; `parent` itself where nothing differs."""
    with tempfile.TemporaryDirectory() as folder:
        rendered = Path(folder) / "rendered"
        template.render(rendered, revision, given)
        for name in template.STATE:  # a project's own, should a template ever ship one
            path = rendered / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        top = git("rev-parse", "--absolute-git-dir")
        place = {"GIT_INDEX_FILE": f"{folder}/index", "GIT_DIR": top}
        place["GIT_WORK_TREE"] = str(rendered)
        git("add", "--all", "--force", ".", **place)
        tree = git("write-tree", **place)
        version = template.answers((rendered / template.ANSWERS).read_text("utf-8"))["_commit"]
    if parent and git("rev-parse", f"{parent}^{{tree}}") == tree:
        return parent
    before = ["-p", parent] if parent else []
    message = f"Template {version}\n\n{TRAILER}: {version}"
    return git("commit-tree", tree, *before, "-m", message)


def _join(tip: str) -> None:
    """Tell git that this branch holds that version already; no file changes."""
    message = f"Join the history of the template at {template.version()}"
    options = ["--strategy", "ours", "--allow-unrelated-histories", "--no-edit"]
    git("merge", "--quiet", *options, "--message", message, tip)


def _merged(wanted: str) -> list[str]:
    before = template.version()
    after = str(template.answers(git("show", f"{wanted}:{template.ANSWERS}"))["_commit"])
    options = ["--no-ff", "--no-edit", "--message", f"Template {after}"]
    done = attempt(["git", "merge", *options, wanted])
    torn = conflicts.unmerged()
    if done.returncode and not torn:
        raise TemplateError(f"git did not merge: {last_line(done)}")
    conflicts.report(before, after, torn, "`git merge --abort`")
    return torn
