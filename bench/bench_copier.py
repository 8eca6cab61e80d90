"""CPU time of `copier copy` and `copier update`, a file: `python bench/bench_copier.py`.

Each scaffold is copied from a release of the working tree, and a committed project is updated to a
release after it that changes one file. Beside it stands what Copier itself takes for as many files
in the same folders: a template of the mvp project's own files, in which nothing is rendered but
the name of the package. Commands run as users run them, interpreter and imports included, and take
turns; the least of several runs counts, since load only ever adds. Exit code 1 where ours costs
more than 1.6 times Copier's own, or where a scaffold has more files than it had.
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
PLAIN = "Copier alone"
MAX_RATIO, MAX_FILES = 1.6, 480

PLAIN_QUESTIONS = """
_subdirectory: template
scaffold: {type: str, default: mvp}
package_name: {type: str, default: my_model}
"""


def main() -> int:
    """Measure, print, and say whether the limits hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        settings = place / "settings.yml"
        settings.write_text("{}\n")
        os.environ |= {"COPIER_SETTINGS_PATH": str(settings), "COPIER_CACHE_DIR": f"{place}/cache"}
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        ours = _releases(place / "ours")
        plain = _plain(ours, place)
        measured = {PLAIN: (plain, "mvp"), **{name: (ours, name) for name in SCAFFOLDS}}
        runs = [
            {name: _measured(*measured[name], place / f"{count}-{name}") for name in measured}
            for count in range(args.rounds)
        ]
    least = {
        name: tuple(map(min, zip(*(run[name] for run in runs), strict=True))) for name in measured
    }
    print("scaffold      files   copy CPU s   ms a file   update CPU s   ms a file")
    for name, (files, copied, updated) in least.items():
        each, again = 1000 * copied / files, 1000 * updated / files
        print(f"{name:<12} {files:6} {copied:12.2f} {each:11.1f} {updated:14.2f} {again:11.1f}")
    ratios = [least["mvp"][at] / least[PLAIN][at] for at in (1, 2)]
    print(f"mvp / Copier alone: copy {ratios[0]:.2f}, update {ratios[1]:.2f}, at most {MAX_RATIO}")
    most = max(files for files, _, _ in least.values())
    print(f"files: {most:.0f}, at most {MAX_FILES}")
    missed = max(ratios) > MAX_RATIO or most > MAX_FILES
    print("a limit is missed" if missed else "all limits hold")
    return int(missed)


def _plain(ours: Path, place: Path) -> Path:
    """A template with the files of an mvp project, none of them rendered, and a release after."""
    project, template = place / "project", place / "plain"
    words = ["--defaults", "--quiet", "--data", "scaffold=mvp", str(ours), str(project)]
    _cpu([*COPIER, "copy", *words], place)
    for path in [path for path in project.rglob("*") if path.is_file()]:
        name = (
            path.relative_to(project).as_posix().replace("src/my_model", "src/{{ package_name }}")
        )
        (template / "template" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, template / "template" / name)
    answers = template / "template" / ".copier-answers.yml"
    answers.with_name("{{ _copier_conf.answers_file }}.jinja").write_text(
        "{{ _copier_answers | to_nice_yaml }}", encoding="utf-8"
    )
    answers.unlink()
    (template / "copier.yml").write_text(PLAIN_QUESTIONS, encoding="utf-8")
    _git(template, "init", "-q")
    _release(template, "v1.0.0")
    readme = template / "template" / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8") + "\nLater.\n", encoding="utf-8")
    _release(template, "v1.1.0")
    return template


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


def _measured(template: Path, scaffold: str, project: Path) -> tuple[int, float, float]:
    """Files of the project, and the CPU seconds of a copy and of an update."""
    words = ["--defaults", "--quiet", "--data", f"scaffold={scaffold}"]
    words += ["--vcs-ref", "v1.0.0", str(template), str(project)]
    copied = _cpu([*COPIER, "copy", *words], project.parent)
    files = sum(path.is_file() for path in project.rglob("*"))
    _git(project, "init", "-q")
    _git(project, "add", "--all")
    _git(project, "commit", "-q", "-m", "Start")
    return files, copied, _cpu([*COPIER, "update", "--defaults", "--quiet"], project)


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
