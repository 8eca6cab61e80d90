"""What a project must hold after an update, from what it and the template held before."""

import subprocess
import tempfile
from pathlib import Path

from tests.histories.people import ANSWERS, OURS, STATE

Files = dict[str, bytes]


def nothing_deleted(before: Files, now: Files, a: Files, b: Files) -> None:
    """No file is gone but those of the tool and the catalog that the template dropped.

    before, now: the project. a, b: the template's files at the old and the new version.
    """
    gone = set(before) - set(now)
    lost = {n for n in gone if not (n.startswith(OURS) and n in a and n not in b)}
    assert not lost, f"deleted by the update: {sorted(lost)}"


def files(before: Files, now: Files, a: Files, b: Files, torn: list[str]) -> int:
    """Each file is what a merge by lines gives, and in conflict only where the same lines met.

    torn: the files in conflict. Returns how many merged though lines met.
    """
    met = 0
    for name in sorted({*a, *b, *before}):
        content, both = merged(name, a, before, b)
        assert not (name in torn and name.startswith((*OURS, *STATE))), f"conflict in {name}"
        assert name not in torn or both, f"{name} is in conflict, and no line met another"
        if name not in torn:
            assert now.get(name) == content or both, f"{name} is not what the merge gives"
            met += both
    return met


def merged(name: str, a: Files, p: Files, b: Files) -> tuple[bytes | None, bool]:
    """What a file must hold, and whether the same lines were changed by both."""
    if name.startswith(STATE):
        return p.get(name), False
    if name == ANSWERS or name.startswith(OURS):
        return b.get(name), False
    if name not in b:
        return p.get(name), False
    if name in a and name not in p:
        return None, False  # deleted by people stays deleted
    if name not in p or p[name] == a.get(name):
        return b[name], False
    if b[name] in (p[name], a.get(name)):
        return p[name], False
    return _by_lines(a.get(name, b""), p[name], b[name])


def _by_lines(a: bytes, p: bytes, b: bytes) -> tuple[bytes, bool]:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("p", p), ("a", a), ("b", b)):
            (Path(folder) / name).write_bytes(text)
        command = ["git", "merge-file", "-p", "-q", "p", "a", "b"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.stdout, done.returncode != 0
