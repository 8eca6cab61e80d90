"""CPU time of `copier copy` and `copier update`, a file: `python bench/bench_copier.py`.

Each scaffold is copied from a release of the working tree, and a committed project is updated to a
release after it that changes one file. Commands run as users run them, interpreter and imports
included, and take turns; the least of several runs counts, since load only ever adds. Exit code 1
above 7 ms a file for a copy, 14 ms for an update, or where a scaffold has more files than it may.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("copier.yml", "template/", "hooks/", "checklists/")
COPIER = [str(Path(sys.executable).with_name("copier"))]
SCAFFOLDS = ("checklist", "poc", "mvp")
MAX_COPY_MS, MAX_UPDATE_MS = 7.0, 14.0


def main() -> int:
    """Measure, print, and say whether the limits hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-files", type=int, default=320)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        settings = place / "settings.yml"
        settings.write_text("{}\n")
        os.environ |= {"COPIER_SETTINGS_PATH": str(settings), "COPIER_CACHE_DIR": f"{place}/cache"}
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        template = _releases(place / "template")
        seen = {name: _measured(template, name, place, args.rounds) for name in SCAFFOLDS}
    print("scaffold    files   copy CPU s   ms a file   update CPU s   ms a file")
    broken = 0
    for name, (files, copied, updated) in seen.items():
        each, again = 1000 * copied / files, 1000 * updated / files
        print(f"{name:<10} {files:6} {copied:12.2f} {each:11.1f} {updated:14.2f} {again:11.1f}")
        broken += each > MAX_COPY_MS or again > MAX_UPDATE_MS or files > args.max_files
    print("all limits hold" if not broken else f"{broken} scaffolds miss a limit")
    return 1 if broken else 0


def _releases(template: Path) -> Path:
    """The working tree as a release, and one after it."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in (n for n in listed.split("\0") if n.startswith(SHIPPED) and (ROOT / n).is_file()):
        (template / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, template / name)
    _git(template, "init", "-q")
    _release(template, "v1.0.0")
    catalog = template / "checklists/scoping.yml"
    catalog.write_text(catalog.read_text(encoding="utf-8") + "# later\n", encoding="utf-8")
    _release(template, "v1.1.0")
    return template


def _release(template: Path, tag: str) -> None:
    _git(template, "add", "--all")
    _git(template, "commit", "-q", "-m", tag)
    _git(template, "tag", tag)


def _git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@a.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def _measured(template: Path, scaffold: str, place: Path, rounds: int) -> tuple[int, float, float]:
    """Files of the project, and the CPU seconds of a copy and of an update."""
    copied, updated, files = [], [], 0
    for count in range(rounds):
        project = place / f"{scaffold}-{count}"
        words = ["--defaults", "--quiet", "--data", f"scaffold={scaffold}"]
        words += ["--vcs-ref", "v1.0.0", str(template), str(project)]
        copied.append(_cpu([*COPIER, "copy", *words], place))
        files = sum(path.is_file() for path in project.rglob("*"))
        _git(project, "init", "-q")
        _git(project, "add", "--all")
        _git(project, "commit", "-q", "-m", "Start")
        updated.append(_cpu([*COPIER, "update", "--defaults", "--quiet"], project))
    return files, min(copied), min(updated)


def _cpu(command: list[str], folder: Path) -> float:
    """User and system seconds of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())
