"""Make docs/images from a real run: the evaluation report and the checklist page.

Usage: pictures.py [PROJECT], a project that is trained and evaluated; without one, a demo is made.
Needs Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH = 1200
# Name -> height in pixels: the first screen of each page, cut between two sections.
HEIGHTS = {"report": 1050, "checklist": 880}
MAX_BYTES = 150_000
FLAGS = (
    "--headless",
    "--no-sandbox",  # a container has none; the pages are local files of our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=5000",  # milliseconds of page time, for the plots to be drawn
)


def browser() -> str:
    """The path of the browser; exits with one line where there is none."""
    found = [path for path in map(shutil.which, BROWSERS) if path]
    if not found:
        sys.exit("pictures: Chromium is missing; on Debian and Ubuntu: apt-get install chromium")
    return found[0]


def screenshot(program: str, page: Path, name: str) -> None:
    """Write docs/images/<name>.png; exits where the picture is missing or too large."""
    image = IMAGES / f"{name}.png"
    with tempfile.TemporaryDirectory() as profile:
        command = [program, *FLAGS, f"--user-data-dir={profile}", f"--screenshot={image}"]
        command += [f"--window-size={WIDTH},{HEIGHTS[name]}", page.as_uri()]
        subprocess.run(command, check=True, timeout=300, stderr=subprocess.DEVNULL)
    size = image.stat().st_size
    if size > MAX_BYTES:
        sys.exit(f"pictures: {image} has {size} bytes, more than {MAX_BYTES}")
    print(f"pictures  {image.relative_to(ROOT)}  {size} bytes")


def main() -> None:
    """Make both pictures."""
    program = browser()
    project = Path(
        sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "pictures" / "churn"
    ).resolve()
    if len(sys.argv) == 1:
        demo = [str(ROOT / "hooks" / "demo.sh"), str(project), "project_name=Churn"]
        if subprocess.run(demo).returncode:
            sys.exit("pictures: the demo failed; see above")
    reports = sorted(project.glob("logs/*/report.html"))
    if not reports:
        sys.exit(f"pictures: {project} has no report; run `make train evaluate` there")
    IMAGES.mkdir(parents=True, exist_ok=True)
    screenshot(program, reports[-1], "report")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "checklist.html"
        report = ["checklist", "report", "--format", "html", "--output", str(page)]
        subprocess.run(["uv", "run", "--no-sync", *report], cwd=project, check=True)
        screenshot(program, page, "checklist")


if __name__ == "__main__":
    main()
