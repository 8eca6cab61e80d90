"""Which code, model and data belong to a release, and whether they belong together."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

CHAMPION, RECORD = Path("reports/champion.json"), Path("reports/run.json")
MANIFEST, CHANGELOG = Path("data/manifest.json"), Path("CHANGELOG.md")


def main(argv: list[str]) -> int:
    """`check TAG`, `notes` or `arguments`; 1 where the parts do not belong together."""
    match argv:
        case ["check", tag]:
            wrong = apart(tag)
            sys.stderr.write("".join(f"{line}\n" for line in wrong))
            if not wrong:
                sys.stdout.write(f"release   {tag}: its code, model and data belong together\n")
            return int(bool(wrong))
        case ["notes"]:
            sys.stdout.write(notes(version(), champion()))
        case ["arguments"]:
            sys.stdout.write(" ".join(arguments()) + "\n")
        case _:
            sys.stderr.write("command line: there are check TAG, notes and arguments\n")
            return 2
    return 0


def version() -> str:
    """The version of pyproject.toml."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def champion() -> dict[str, Any]:
    """What is said of the model in use; empty where no model was promoted yet."""
    return _read(CHAMPION)


def apart(tag: str) -> list[str]:
    """A sentence for each thing that keeps code, model and data from being one release."""
    wrong = []
    if tag != f"v{version()}":
        wrong.append(f"pyproject.toml: version is {version()}, the tag is {tag}; they must agree")
    if not section(version()):
        wrong.append(f"{CHANGELOG}: no section '## {version()}'; `make release` writes it")
    return wrong + model_apart()


def model_apart() -> list[str]:
    """The same for the model alone: its run, its code and its data."""
    facts, run, manifest = champion(), _read(RECORD), _read(MANIFEST)
    if not facts:
        return [f"{CHAMPION}: no such file; run `register`, then `promote-model`, and commit it"]
    wrong = []
    if facts["run"] != run.get("run"):
        wrong.append(
            f"{RECORD}: is of run {run.get('run')}, the champion of {facts['run']}; evaluate and "
            "promote the one, or run `evaluate --run` with the other"
        )
    if facts["git"]["dirty"] is not False or run.get("git", {}).get("dirty") is not False:
        wrong.append(
            f"{RECORD}: git.dirty is not false: the model was trained on code that nobody can get "
            "back; commit, then train, evaluate, register and promote"
        )
    elif not known_to_git(str(facts["git"]["commit"])):
        wrong.append(
            f"{CHAMPION}: was trained on commit {facts['git']['commit']}, which is not in this "
            "branch; train on the merged commit"
        )
    original = (manifest.get("files") or [{}])[0].get("sha256")
    if facts["data"]["original"] != original:
        wrong.append(
            f"{MANIFEST}: is of data {original}, the champion learnt from "
            f"{facts['data']['original']}; train on these data, or take back the manifest"
        )
    return wrong


def known_to_git(commit: str) -> bool:
    """Whether the commit is HEAD or one of those before it."""
    return _git("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0


def arguments() -> list[str]:
    """What `docker build` is told: labels, and the Python of .python-version if there is one."""
    pinned = Path(".python-version")
    python = pinned.read_text(encoding="utf-8").strip() if pinned.is_file() else ""
    told = [f"--label {name}={value}" for name, value in labels().items()]
    return [*told, *([f"--build-arg PYTHON={python.removeprefix('cpython-')}"] if python else [])]


def labels() -> dict[str, str]:
    """Labels of the image: its code, and the model that it was released with."""
    facts = champion()
    known = {
        "org.opencontainers.image.version": version(),
        "org.opencontainers.image.revision": _git("rev-parse", "HEAD").stdout.strip(),
    }
    if facts:
        known["model.version"] = str(facts["version"])
        known["model.run"] = str(facts["run"])
        known["model.commit"] = str(facts["git"]["commit"])
        known["model.data.sha256"] = str(facts["data"]["original"])
    return known


def notes(of: str, facts: dict[str, Any]) -> str:
    """What changed, and of what the release is made; Markdown."""
    rows = {
        "code": _git("rev-parse", "HEAD").stdout.strip(),
        "model": f"version {facts['version']} of run {facts['run']}",
        "trained on commit": facts["git"]["commit"],
        "data (sha256)": facts["data"]["original"],
    }
    table = "".join(f"| {name} | `{value}` |\n" for name, value in rows.items())
    return f"{section(of)}\n\n| part | which |\n|---|---|\n{table}"


def section(name: str) -> str:
    """What CHANGELOG.md says of a version; empty where it says nothing."""
    lines: list[str] = []
    inside = False
    for line in CHANGELOG.read_text(encoding="utf-8").splitlines() if CHANGELOG.is_file() else ():
        if line.startswith("## "):
            inside = line.removeprefix("## ").split(" ")[0] == name
        elif inside:
            lines.append(line)
    return "\n".join(lines).strip()


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], text=True, capture_output=True, check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
