"""Probes of what runs in continuous integration, and of who owns a path."""

import re
from typing import Any

from ml_checklist.finding import Finding, found, missing
from ml_checklist.tree import Tree

GITHUB = ".github/workflows/*.y*ml"
GITLAB = (".gitlab-ci.yml", ".gitlab/ci/*.yml")
OWNERS = ("CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS")
# What GitLab calls the events that GitHub names.
_GITLAB_EVENTS = {
    "pull_request": "merge_request_event",
    "merge_group": "merge_train",
    "schedule": "schedule",
    "push": "push|CI_COMMIT_BRANCH|CI_DEFAULT_BRANCH",
    "workflow_dispatch": "web|manual",
}


def workflow(tree: Tree, *, runs: str = "", trigger: str = "", job: str = "") -> Finding:
    """Continuous integration must {what}"""
    plans = _plans(tree)
    if not plans:
        return missing("there is no workflow", ".github/workflows/")
    wanted = ", ".join(
        filter(None, [runs and f"runs `{runs}`", trigger and f"on {trigger}", job and f"job {job}"])
    )
    for name, plan in plans:
        if all((_runs(plan, runs), _starts(plan, trigger), _has_job(plan, job))):
            return found(f"{name}: {wanted}", name)
    names = ", ".join(name for name, _ in plans)
    return missing(f"no workflow does ({names})", plans[0][0])


class _Plan:
    """The commands, events and jobs of one workflow, whoever runs it."""

    def __init__(self, commands: list[str], events: set[str], jobs: set[str]) -> None:
        self.commands, self.events, self.jobs = commands, events, jobs


def _runs(plan: _Plan, runs: str) -> bool:
    words = " ".join(runs.split())
    lines = [
        " ".join(line.split("#")[0].split())
        for command in plan.commands
        for line in command.splitlines()
    ]
    pattern = re.compile(rf"(^|[\s;&|]){re.escape(words)}($|[\s;&|])") if words else None
    return pattern is None or any(pattern.search(line) for line in lines)


def _starts(plan: _Plan, trigger: str) -> bool:
    return not trigger or trigger in plan.events


def _has_job(plan: _Plan, job: str) -> bool:
    return not job or job in plan.jobs


def _plans(tree: Tree) -> list[tuple[str, _Plan]]:
    plans = [(name, _github(_load(tree, name))) for name in tree.find(GITHUB)]
    gitlab = [name for pattern in GITLAB for name in tree.find(pattern)]
    if gitlab:
        plans.append((gitlab[0], _gitlab([_load(tree, name) for name in gitlab])))
    return plans


def _load(tree: Tree, name: str) -> dict[str, Any]:
    try:
        data = tree.data(name, "yaml")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _github(data: dict[str, Any]) -> _Plan:
    events, jobs = data.get("on"), data.get("jobs")
    jobs = jobs if isinstance(jobs, dict) else {}
    steps = [
        step for job in jobs.values() if isinstance(job, dict) for step in job.get("steps") or ()
    ]
    commands = [str(step["run"]) for step in steps if isinstance(step, dict) and "run" in step]
    named = [events] if isinstance(events, str) else list(events or ())
    return _Plan(commands, {str(event) for event in named}, set(jobs))


def _gitlab(files: list[dict[str, Any]]) -> _Plan:
    jobs = {
        name: job
        for data in files
        for name, job in data.items()
        if isinstance(job, dict) and "script" in job
    }
    commands = [command for job in jobs.values() for command in _script(job)]
    rules = str([data.get("workflow") for data in files]) + str(
        [job.get("rules") for job in jobs.values()]
    )
    events = {event for event, word in _GITLAB_EVENTS.items() if re.search(word, rules)}
    # Without rules GitLab runs a job on every push.
    return _Plan(commands, events | ({"push"} if jobs else set()), set(jobs))


def _script(job: dict[str, Any]) -> list[str]:
    parts = [job.get(key) for key in ("before_script", "script")]
    return [
        str(line) for part in parts for line in ([part] if isinstance(part, str) else part or ())
    ]


def codeowners(tree: Tree, *, paths: list[str]) -> Finding:
    """CODEOWNERS must name an owner for {paths}"""
    name = next((name for name in OWNERS if tree.find(name)), "")
    if not name:
        return missing("there is no CODEOWNERS file", OWNERS[0])
    rules = owner_rules(tree.text(name) or "")
    orphans = [path for path in paths if not owners(rules, path)]
    if orphans:
        return missing(f"nobody owns {', '.join(orphans)}", name)
    return found(f"{', '.join(paths)} owned", name)


def owner_rules(text: str) -> list[tuple[str, list[str]]]:
    """(pattern, owners) line by line; section headings of GitLab left out."""
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    return [
        (words[0], words[1:]) for words in lines if words and not words[0].startswith(("[", "^["))
    ]


def owners(rules: list[tuple[str, list[str]]], path: str) -> list[str]:
    """Who owns a path: the last rule that matches decides, as on GitHub."""
    # A folder is owned when a file in it is.
    probe = f"{path}x" if path.endswith("/") else path
    matching = [who for pattern, who in rules if _regex(pattern).match(probe)]
    return matching[-1] if matching else []


def _regex(pattern: str) -> re.Pattern[str]:
    anchored = "/" in pattern.rstrip("/")
    body = (
        re.escape(pattern.strip("/"))
        .replace(r"\*\*/", "(.*/)?")
        .replace(r"\*\*", ".*")
        .replace(r"\*", "[^/]*")
    )
    end = "/.*" if pattern.endswith("/") else "$" if pattern.endswith("/*") else "(/.*)?"
    return re.compile(rf"{'' if anchored else '(.*/)?'}{body}{end}$")
