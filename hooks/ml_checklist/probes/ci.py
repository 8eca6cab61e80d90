"""Probe of what runs in continuous integration, and can fail there."""

import re
from typing import Any, NamedTuple

from ml_checklist.errors import UnreadableError
from ml_checklist.probes.finding import Finding, found, missing
from ml_checklist.probes.tree import Tree

GITHUB = ".github/workflows/*.y*ml"
GITLAB = (".gitlab-ci.yml", ".gitlab/ci/*.yml")
# Other services, whose files are read for the commands that they hold.
OTHERS = (
    ".circleci/config.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    ".travis.yml",
    ".woodpecker.yml",
    "Jenkinsfile",
)
# What other projects run where one of ours runs a target.
SAME = {
    "make setup": ("uv sync", "pip install", "poetry install", "pdm install", "conda env create"),
    "make test": ("pytest", "tox", "nox", "hatch test", "python -m unittest"),
    "make check": ("tox", "nox", "pre-commit run", "hatch fmt", "ruff check", "flake8"),
}
MAX_CALLS = 4
PIPEFAIL = "set -o pipefail\n"
# Words before a command that leave it the command: `uv run pytest`, `CI=1 make test`.
_RUNNERS = "uvx?|run|tool|pipx|poetry|pdm|hatch|python3?|sudo|exec|time|env"
_BEFORE = rf"(?:(?:\w+=\S*|-\S+|{_RUNNERS})\s+)*"
# A failure after which the job goes on as if nothing had been, or a command that does nothing.
_EXCUSED = re.compile(r"\|\|[\s({]*(true|:|exit 0|echo|printf)\b|\|\|\s*:|[^&]&$")
_IDLE = {"-n", "-i", "-q", "-t", "--dry-run", "--just-print", "--ignore-errors", "--question"}
_ENTRY = re.compile(r"^\s{0,40}(?:- )?(?:(?:run|script|command|bash|sh|pwsh):?\s{1,9})?")
_FALSE = {"false", "!true", "0", "''", "null"}
# What GitLab calls the events that GitHub names.
_GITLAB_EVENTS = {
    "pull_request": "merge_request_event",
    "merge_group": "merge_train",
    "schedule": "schedule",
    "push": "push|CI_COMMIT_BRANCH|CI_DEFAULT_BRANCH",
    "workflow_dispatch": "web|manual",
}


def workflow(tree: Tree, *, runs: str = "", trigger: str = "", job: str = "") -> Finding:
    jobs = [*_github_jobs(tree), *_gitlab_jobs(tree), *_other_jobs(tree)]
    if not jobs:
        return missing("there is no workflow", ".github/workflows/", absent=".github/workflows/")
    for each in jobs:
        started = trigger in each.events if trigger else each.events - {"workflow_call"}
        if started and each.runs(runs) and job in ("", each.name):
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
        """Whether the job runs this command, and fails with it; nothing is always run."""
        ways = [way.split() for way in (words, *SAME.get(words, ()))]
        return not words or any(_runs(script, way) for script in self.commands for way in ways)


def _runs(script: str, words: list[str]) -> bool:
    for line in script.replace("\\\n", " ").splitlines():
        if line.startswith(("exit", "set +e", "trap")):
            return False  # what follows is not run, or not heeded
        line = line.split(" #")[0].strip()
        # What a pipe gets does not fail it, unless the shell has the option.
        piped = "|" in line.replace("||", "") and "pipefail" not in script
        parts = re.split(r"&&|;|\|\|", line)
        heeded = not piped and not _EXCUSED.search(line)
        if heeded and any(_is(part.strip(), words) for part in parts):
            return True
    return False


def _is(part: str, words: list[str]) -> bool:
    """Whether a simple command is this one; of `make` the target may be one of several."""
    # `uv build` is a command; of `uv run pytest` only the end is one.
    is_whole = words[0] != "make" and part.split()[: len(words)] == words
    command = part.split() if is_whole else re.sub(rf"^{_BEFORE}", "", part).split()
    if words[0] == "make" and command[:1] == ["make"]:
        return set(words) <= set(command) and not _IDLE.intersection(command)
    if command[:1] in (["make"], ["just"]) and len(words) == 1:
        command = command[1:]
    return command[: len(words)] == words


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


def _other_jobs(tree: Tree) -> list[Job]:
    """The commands in the files of other services; they run on pushes and on pull requests."""
    found = []
    for name in (each for file in OTHERS for each in tree.find(file)):
        text = (tree.text(name) or "").splitlines()
        lines = [_ENTRY.sub("", line).strip(" '\"") for line in text]
        found.append(Job(name, "pipeline", lines, {"push", "pull_request"}))
    return found


def _named(events: Any) -> set[str]:
    return {events} if isinstance(events, str) else {str(event) for event in events or ()}


def _steps(job: dict[str, Any]) -> list[str]:
    """The scripts of a job whose failure fails it."""
    steps = [] if job.get("continue-on-error") else _listed(job.get("steps"))
    heeded = [each for each in steps if not (each.get("continue-on-error") or _never(each))]
    scripts = [(each.get("shell"), str(each["run"])) for each in heeded if "run" in each]
    # Of the shells only the one called bash ends at a failure within a pipe.
    return [PIPEFAIL + run if shell == "bash" else run for shell, run in scripts]


def _never(part: dict[str, Any]) -> bool:
    """Whether the `if:` of a job or a step is false whatever happens."""
    condition = re.sub(r"[${}]", "", str(part.get("if", ""))).lower()
    parts = ["".join(each.split()).strip("()") for each in condition.split("&&")]
    return "||" not in condition and not _FALSE.isdisjoint(parts)


def _allowed(job: dict[str, Any], events: set[str]) -> set[str]:
    """The events that the `if:` of a job lets through, as far as it names one."""
    condition = str(job.get("if", ""))
    if _never(job):
        return set()
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
        Job(name, key, _script(job, before), _gitlab_events(job, rules))
        for name, data in files.items()
        for key, job in data.items()
        if isinstance(job, dict) and "script" in job
    ]


def _gitlab_events(job: dict[str, Any], rules: list[Any]) -> set[str]:
    own = job.get("rules")
    listed = own if isinstance(own, list) else []
    never = [_table(rule).get("when") == "never" for rule in listed]
    if job.get("when") == "never" or (never and all(never)):
        return set()
    # Without rules GitLab runs a job on every push.
    written = _written([*rules, own])
    return {"push"} | {event for event, word in _GITLAB_EVENTS.items() if re.search(word, written)}


def _written(rules: list[Any]) -> str:
    """The conditions of rules as one text; lists in lists, as aliases make them, are cut off."""
    tables = [rule for each in rules for rule in _listed(_table(each).get("rules", each))]
    texts = [rule.get(key) for rule in tables for key in ("if", "when")]
    return " ".join(text for text in texts if isinstance(text, str))


def _listed(rules: Any) -> list[dict[str, Any]]:
    return [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []


def _script(job: dict[str, Any], before: Any) -> list[str]:
    if job.get("allow_failure"):
        return []
    parts = [job.get("before_script", before), job.get("script")]
    lists = [[part] if isinstance(part, str) else part or () for part in parts]
    return [f"{PIPEFAIL}{line}" for lines in lists for line in lines]
