"""Probes of what runs in continuous integration, and of who owns a path."""

import re
from typing import Any, NamedTuple

from ml_checklist.errors import UnreadableError
from ml_checklist.probes.finding import Finding, found, missing
from ml_checklist.probes.tree import Tree

GITHUB = ".github/workflows/*.y*ml"
GITLAB = (".gitlab-ci.yml", ".gitlab/ci/*.yml")
MAX_CALLS = 4
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
    jobs = [*_github_jobs(tree), *_gitlab_jobs(tree)]
    if not jobs:
        return missing("there is no workflow", ".github/workflows/")
    for each in jobs:
        if each.runs(runs) and trigger in ("", *each.events) and job in ("", each.name):
            return found(f"{each.file} does, in the job {each.name}", each.file)
    files = list(dict.fromkeys(each.file for each in jobs))
    return missing(f"no workflow does ({', '.join(files)})", files[0])


class Job(NamedTuple):
    """One job, whoever runs it: its commands and the events that start it."""

    file: str
    name: str
    commands: list[str]
    events: set[str]

    def runs(self, words: str) -> bool:
        """Whether a command of the job holds these words; nothing is always held."""
        if not words:
            return True
        pattern = re.compile(rf"(^|[\s;&|]){re.escape(' '.join(words.split()))}($|[\s;&|])")
        lines = [line for command in self.commands for line in command.splitlines()]
        return any(pattern.search(" ".join(line.split("#")[0].split())) for line in lines)


def _load(tree: Tree, name: str) -> dict[str, Any]:
    try:
        return _table(tree.data(name, "yaml"))
    except UnreadableError:
        return {}


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _github_jobs(tree: Tree) -> list[Job]:
    files = {name: _load(tree, name) for name in tree.find(GITHUB)}
    events = {name: _named(data.get("on")) for name, data in files.items()}
    # Who is called by another workflow runs on the caller's events too; a chain is short.
    for _ in range(MAX_CALLS):
        for name, data in files.items():
            for job in map(_table, _table(data.get("jobs")).values()):
                called = str(job.get("uses", "")).removeprefix("./")
                if "workflow_call" in events.get(called, ()):
                    events[called] = events[called] | _allowed(job, events[name])
    return [
        Job(name, key, _steps(_table(job)), _allowed(_table(job), events[name]))
        for name, data in files.items()
        for key, job in _table(data.get("jobs")).items()
    ]


def _named(events: Any) -> set[str]:
    return {events} if isinstance(events, str) else {str(event) for event in events or ()}


def _steps(job: dict[str, Any]) -> list[str]:
    steps = job.get("steps")
    found = steps if isinstance(steps, list) else ()
    return [str(step["run"]) for step in found if isinstance(step, dict) and "run" in step]


def _allowed(job: dict[str, Any], events: set[str]) -> set[str]:
    """The events that the `if:` of a job lets through, as far as it names one."""
    condition = str(job.get("if", ""))
    only = set(re.findall(r"github\.event_name == '(\w+)'", condition))
    never = set(re.findall(r"github\.event_name != '(\w+)'", condition))
    return (events & only if only and "||" not in condition else events) - never


def _gitlab_jobs(tree: Tree) -> list[Job]:
    files = {name: _load(tree, name) for pattern in GITLAB for name in tree.find(pattern)}
    before: Any = None
    rules = []
    for data in files.values():
        before = _table(data.get("default")).get("before_script", data.get("before_script", before))
        rules.append(data.get("workflow"))
    return [
        Job(name, key, _script(job, before), _gitlab_events([*rules, job.get("rules")]))
        for name, data in files.items()
        for key, job in data.items()
        if isinstance(job, dict) and "script" in job
    ]


def _gitlab_events(rules: list[Any]) -> set[str]:
    # Without rules GitLab runs a job on every push.
    written = str(rules)
    return {"push"} | {event for event, word in _GITLAB_EVENTS.items() if re.search(word, written)}


def _script(job: dict[str, Any], before: Any) -> list[str]:
    parts = [job.get("before_script", before), job.get("script")]
    lists = [[part] if isinstance(part, str) else part or () for part in parts]
    return [str(line) for lines in lists for line in lines]


def codeowners(tree: Tree, *, paths: list[str]) -> Finding:
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
    rules = [words for words in lines if words and not words[0].startswith(("[", "^["))]
    return [(pattern, names) for pattern, *names in rules]


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
