"""Make a release, check one, or print its notes or the labels of its image."""

import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from lineage import git, mismatches, promotion

CHANGELOG, UNRELEASED = Path("CHANGELOG.md"), "Unreleased"
WRITTEN = ("pyproject.toml", "uv.lock", str(CHANGELOG))
MAX_SHOWN = 5


def main(argv: list[str]) -> str | None:
    """`new VERSION`, `check TAG`, `notes` or `labels`; returns why it refuses, or None."""
    wrong: list[str] = []
    match argv:
        case ["new", version] if re.fullmatch(r"\d+\.\d+\.\d+", version):
            wrong = refusals(version) or release(version)
        case ["check", tag]:
            wrong = mismatches()
            if tag != f"v{current()}" or not section(current()):
                wrong.append(f"{tag}: pyproject.toml has {current()}; {CHANGELOG} must list it too")
        case ["notes"]:
            rows = "".join(f"| {name} | `{value}` |\n" for name, value in labels().items())
            sys.stdout.write(f"{section(current())}\n\n| label | value |\n|---|---|\n{rows}")
        case ["labels"]:
            sys.stdout.write(" ".join(f"--label {k}={v}" for k, v in labels().items()) + "\n")
        case _:
            wrong = [f"release: VERSION must be like 1.4.0, got '{' '.join(argv[1:])}'"]
    return "\n".join(wrong) or None


def current() -> str:
    """The version in pyproject.toml."""
    return str(tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]["version"])


def refusals(version: str) -> list[str]:
    """Every reason not to release this version now."""
    wrong = mismatches()
    if changed := git("status", "--porcelain").stdout.splitlines():
        names = ", ".join(line[3:] for line in changed[:MAX_SHOWN])
        more = f" and {len(changed) - MAX_SHOWN} more" if len(changed) > MAX_SHOWN else ""
        wrong.append(f"git: the working tree is not clean; commit first: {names}{more}")
    if list(map(int, version.split("."))) < list(map(int, re.findall(r"\d+", current())[:3])):
        wrong.append(f"pyproject.toml: version is {current()}; {version} is older")
    if git("rev-parse", "--quiet", "--verify", f"refs/tags/v{version}").returncode == 0:
        wrong.append(f"git: tag v{version} exists already")
    return wrong + undescribed(section(UNRELEASED))


def undescribed(text: str) -> list[str]:
    """What the text of a release lacks: a list of changes, and no form that is left in it."""
    place, wrong = f"{CHANGELOG}: '## {UNRELEASED}'", []
    if not re.search(r"^[-*+] +\w", text, re.MULTILINE):
        wrong.append(f"{place} must list with '- ' what changes for users; no line does")
    if "> fill:" in text:
        wrong.append(f"{place} still has the line '> fill:' of the form; delete it")
    return wrong


def release(version: str) -> list[str]:
    """Set the version, name the changelog's section, commit and tag; nothing is pushed."""
    subprocess.run(["uv", "version", "--quiet", "--no-sync", version], check=True)
    heading = f"## {UNRELEASED}\n\n## {version} - {datetime.now(UTC):%Y-%m-%d}"
    text = CHANGELOG.read_text("utf-8").replace(f"## {UNRELEASED}", heading, 1)
    CHANGELOG.write_text(text, encoding="utf-8")
    if (done := git("commit", "-qm", f"Release {version}", "--", *WRITTEN)).returncode:
        git("restore", "--staged", "--worktree", "--", *WRITTEN)
        return [f"git: nothing was released: {done.stderr.strip()}"]
    git("tag", "--annotate", "--cleanup=whitespace", f"v{version}", "--message", section(version))
    sys.stdout.write(f"release   v{version} is committed and tagged; git push --follow-tags\n")
    return []


def labels() -> dict[str, str]:
    """Labels of the image: version and commit of the code; version, run and data of the model."""
    code = {"version": current(), "revision": git("rev-parse", "HEAD").stdout.strip()}
    found = {f"org.opencontainers.image.{name}": value for name, value in code.items()}
    if champion := promotion():
        found |= {f"model.{name}": champion[name] for name in ("version", "run", "sha256")}
        found["model.data.sha256"] = champion["data"]["main"]
    return found


def section(name: str) -> str:
    """The text of CHANGELOG.md below `## name`; empty if there is none."""
    blocks = re.split(r"^## ", CHANGELOG.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = [block for block in blocks if block.split(maxsplit=1)[:1] == [name]]
    return found[0].partition("\n")[2].strip() if found else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
