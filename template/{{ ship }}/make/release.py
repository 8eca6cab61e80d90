"""Make a release: version, changelog, one commit, one tag; nothing is pushed."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from lineage import CHANGELOG, model_apart, section, version

UNRELEASED = "Unreleased"
VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
WRITTEN = ("pyproject.toml", "uv.lock", str(CHANGELOG))


def main(argv: list[str]) -> int:
    """`VERSION`: 0 released, 1 refused with every reason, 2 that is no version."""
    new = argv[0] if len(argv) == 1 else ""
    if not VERSION.fullmatch(new):
        sys.stderr.write(f"make release: VERSION must be like 1.4.0, got '{new}'\n")
        return 2
    if refused := reasons(new):
        sys.stderr.write("".join(f"{line}\n" for line in refused))
        return 1
    before = {name: Path(name).read_bytes() for name in WRITTEN}
    try:
        write(new)
        tag(new)
    except (OSError, subprocess.CalledProcessError) as error:
        for name, content in before.items():
            Path(name).write_bytes(content)
        _git("reset", "--quiet", "--", *WRITTEN)
        said = (getattr(error, "stderr", "") or str(error)).strip()
        sys.stderr.write(f"make release: nothing was released: {said}\n")
        return 1
    sys.stdout.write(
        f"release   v{new} is committed and tagged here; next: git push --follow-tags\n"
    )
    return 0


def reasons(new: str) -> list[str]:
    """Every reason not to release now."""
    wrong = []
    if changed := _git("status", "--porcelain").stdout.strip():
        wrong.append(f"git: the working tree is not clean: {len(changed.splitlines())} paths")
    if parts(new) < parts(version()):
        wrong.append(f"pyproject.toml: version is {version()} already; {new} is older")
    if _git("rev-parse", "--quiet", "--verify", f"refs/tags/v{new}").returncode == 0:
        wrong.append(f"git: there is a tag v{new} already")
    if not described():
        wrong.append(
            f"{CHANGELOG}: '## {UNRELEASED}' must say in a line that starts with '- ' what changes "
            "for those who use the predictions, and hold no `> fill:`"
        )
    return wrong + model_apart()


def described() -> bool:
    """Whether the changelog says something about what comes."""
    said = section(UNRELEASED)
    return bool(re.search(r"^- \S+( \S+){2,}", said, re.MULTILINE)) and "> fill:" not in said


def write(new: str) -> None:
    """Set the version, lock it, and give the changelog's section its name."""
    subprocess.run(
        ["uv", "version", "--quiet", "--no-sync", new], check=True, text=True, capture_output=True
    )
    text = CHANGELOG.read_text(encoding="utf-8")
    named = f"## {UNRELEASED}\n\n## {new} - {datetime.now(UTC):%Y-%m-%d}"
    CHANGELOG.write_text(text.replace(f"## {UNRELEASED}", named, 1), encoding="utf-8")


def tag(new: str) -> None:
    """Commit what was written, and tag it with the section of the changelog."""
    _git("add", "--", *WRITTEN, check=True)
    _git("commit", "--quiet", "--message", f"Release {new}", "--", *WRITTEN, check=True)
    message = f"Release {new}\n\n{section(new)}\n"
    _git("tag", "--annotate", "--cleanup=whitespace", f"v{new}", "--message", message, check=True)


def parts(text: str) -> tuple[int, ...]:
    """(1, 4, 0) of "1.4.0"; what follows the third number decides nothing here."""
    found = VERSION.match(text)
    return tuple(map(int, found.groups())) if found else (0, 0, 0)


def _git(*words: str, check: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], text=True, capture_output=True, check=check)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
