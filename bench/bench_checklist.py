"""What the checklist tool costs: `python bench/bench_checklist.py [--peers]`.

Every figure is the least of several runs, taken in turns with `python -c 'import yaml'` on the
same machine, so that the ratio means the same everywhere. --peers makes a virtual environment with
deon and repo-review and takes their commands into the same turns: deon writes its checklist,
repo-review checks a repository. Exit code 1 when a limit is missed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
N_RUNS = 7
ITEM = """\
  - id: {section}.i{n}
    rev: 1
    title: The thing number {n} of {section} is in order
    why: Because number {n} hurts otherwise, and it takes a sentence or two to say how.
    how: Write number {n} down, then run `checklist tick {section}.i{n} -e docs/e{n}.md`.
    effort: low
    phase: {phase}
    level: must
    kind: {kind}
    lifecycle: {{state: active, since: 0.1.0}}
{probe}    options:
      - name: Tool {n}
        what: Choose it when number {n} is large, and leave it when it is small.
        url: https://example.org/{n}
    refs:
      - {{title: Notes on {n}, url: "https://example.org/notes/{n}", kind: notes}}
    source: ["004:{n}"]
"""
PROBE = "    probe: {type: heading, file: docs/problem.md, heading: Section %d}\n"


def project(folder: Path, n_items: int, n_ticks: int) -> Path:
    """A project with a catalog of `n_items` items, a third of them probed, and `n_ticks` ticks."""
    sections = max(1, n_items // 20)
    for number in range(sections):
        name = f"s{number}"
        text = (
            f"section: {name}\norder: {number}\ntitle: Section {number}\nabout: About it.\nitems:\n"
        )
        write(
            folder,
            f"checklist/catalog/{name}.yml",
            text + "\n".join(items(name, number, sections, n_items)),
        )
    headings = "".join(
        f"## Section {n}\n\nEight words stand here so that it is filled.\n\n"
        for n in range(n_items)
    )
    write(folder, "docs/problem.md", f"# Problem\n\n{headings}")
    for n in range(n_ticks):
        write(folder, f"docs/e{n}.md", f"# Evidence {n}\n")
    run(["git", "init", "-q"], folder)
    ticked = [f"s{n % sections}.i{n}" for n in range(n_items) if n % 3][:n_ticks]
    for n, name in enumerate(ticked):
        checklist(
            folder, "tick", name, "-e", f"https://example.org/{n}", "--by", "@ann"
        ) if n == 0 else copy_tick(folder, ticked[0], name)
    return folder


def items(name: str, number: int, sections: int, n_items: int) -> list[str]:
    """The items of one section as YAML."""
    own = range(number, n_items, sections)
    return [
        ITEM.format(
            section=name,
            n=n,
            phase="poc",
            kind="attest" if n % 3 else "auto",
            probe="" if n % 3 else PROBE % n,
        )
        for n in own
    ]


def write(folder: Path, name: str, text: str) -> None:
    """Write one file."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def copy_tick(folder: Path, first: str, name: str) -> None:
    """The tick of one item for another."""
    ticks = folder / "checklist/ticks"
    (ticks / f"{name}.yml").write_text((ticks / f"{first}.yml").read_text())


def cache_of(folder: Path) -> Path:
    """The cache folder of one project; it lies beside it, since one inside is not used."""
    return folder.with_name(f"{folder.name}-cache")


def real(folder: Path, n_ticks: int) -> Path:
    """A project with our own catalog, documents that fill nothing, and `n_ticks` ticks."""
    shutil.copytree(ROOT / "checklists", folder / "checklist/catalog")
    for name in ("problem", "data-card", "model-card", "responsible", "architecture"):
        write(folder, f"docs/{name}.md", "# Page\n\n## Objective\n\n> fill: what for\n")
    sections = "".join(path.read_text() for path in sorted((ROOT / "checklists").glob("*.yml")))
    names = [line.split()[2] for line in sections.splitlines() if line.startswith("  - id: ")]
    run(["git", "init", "-q"], folder)
    text = 'status: not-applicable\nby: ann\ndate: "2026-11-20"\nitem_rev: 99\nreason: bench\n'
    for name in names[:n_ticks]:
        write(folder, f"checklist/ticks/{name}.yml", text)
    return folder


def peers(place: Path, project: Path) -> dict[str, Callable[[], None]]:
    """The commands of two other tools, from a virtual environment of their own."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        raise SystemExit("--peers needs uv on PATH")
    run([uv, "venv", "-q", str(place / "peers")], place)
    wanted = ["deon", "repo-review[cli]", "sp-repo-review"]
    run([uv, "pip", "install", "-q", "--python", str(place / "peers"), *wanted], place)
    bin_ = place / "peers" / ("Scripts" if os.name == "nt" else "bin")
    deon = [str(bin_ / "deon"), "-o", str(place / "ethics.md"), "--overwrite"]
    review = [str(bin_ / "repo-review"), "."]
    return {
        "deon, writes its 20 items": lambda: run(deon, project),
        "repo-review, checks a repository": lambda: run(
            review, project, worst=3
        ),  # 3: some check fails
    }


def run(command: list[str], folder: Path, worst: int = 1) -> None:
    """Run a command that must not end worse than `not met`, or than `worst`."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPATH": str(ROOT / "hooks"), "XDG_CACHE_HOME": str(cache_of(folder))}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode > worst:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")


def checklist(folder: Path, *args: str) -> None:
    """Run the tool."""
    run([sys.executable, "-m", "ml_checklist", *args], folder)


def least(actions: dict[str, Callable[[], None]]) -> dict[str, float]:
    """The least wall time in seconds of each action, run in turns after one run to warm up."""
    best = dict.fromkeys(actions, 1e9)
    for round_ in range(N_RUNS + 1):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            if round_:
                best[name] = min(best[name], time.perf_counter() - start)
    return best


def cold(folder: Path) -> None:
    """`validate` with the cache of the parsed catalog thrown away."""
    for path in cache_of(folder).rglob("*.json"):
        path.unlink()
    checklist(folder, "validate")


def main() -> int:
    """Measure, print, and say whether the limits hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", action="store_true", help="with deon and repo-review")
    with_peers = parser.parse_args().peers
    with tempfile.TemporaryDirectory() as place:
        small = project(Path(place, "small"), 40, 20)
        whole = project(Path(place, "whole"), 240, 100)
        large = project(Path(place, "large"), 2400, 1000)
        own = real(Path(place, "own"), 100)
        took = least(
            {
                "python": lambda: run([sys.executable, "-c", "pass"], small),
                "import yaml": lambda: run([sys.executable, "-c", "import yaml"], small),
                "status, 40 items": lambda: checklist(small, "status"),
                "status, 240 items, 100 ticks": lambda: checklist(whole, "status"),
                "validate, 240 items, 100 ticks": lambda: checklist(whole, "validate"),
                "validate, 240 items, nothing cached": lambda: cold(whole),
                "status, 2400 items, 1000 ticks": lambda: checklist(large, "status"),
                "status, our catalog, 100 ticks": lambda: checklist(own, "status"),
                "validate, our catalog, 100 ticks": lambda: checklist(own, "validate"),
                **(peers(Path(place), own) if with_peers else {}),
            }
        )
    for name, seconds in took.items():
        print(
            f"{name:38} {seconds * 1000:7.0f} ms   {seconds / took['import yaml']:5.1f} x "
            "import yaml"
        )
    # The work is what remains when the interpreter's start is taken off.
    work = {name: seconds - took["python"] for name, seconds in took.items()}
    ratio = work["status, 2400 items, 1000 ticks"] / work["status, 240 items, 100 ticks"]
    print(f"10 x the items and ticks: {ratio:.1f} x the work")
    limits = {
        "status, 40 items": 0.35,
        "status, 240 items, 100 ticks": 0.4,
        "validate, 240 items, 100 ticks": 0.3,
        "status, our catalog, 100 ticks": 0.4,
        "validate, our catalog, 100 ticks": 0.3,
    }
    missed = [
        f"{name}: {took[name]:.2f} s, limit {limit} s"
        for name, limit in limits.items()
        if took[name] > limit
    ]
    missed += [f"10 x the items: {ratio:.1f} x the work, limit 12"] if ratio > 12 else []
    print("\n".join(missed) or "all limits hold")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
