"""Roll a running service back and forward again, and record the seconds: `rehearse`."""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..registry import rollback, versions
from ..registry.promote import PROMOTION, REGISTRY
from ..serving.settings import load_service
from ..utils.errors import CheckFailed
from ..utils.files import write_text
from ..utils.logs import log
from .rollout import read_url
from .settings import REPORT, record

STEP_S = 0.1
REASON = "rehearsal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--url`, `--version` and `--limit`."""
    parser.add_argument("--url", help="of the service (default: host and port of its conf)")
    parser.add_argument("--version", default=versions.PREVIOUS, help="default: previous")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds each way may take")


def run(args: argparse.Namespace) -> None:
    """Write reports/rollout.json; raises CheckFailed where the service does not follow.

    The service must read the same models/. The champion is the same before and after, also when
    the command is interrupted.
    """
    service = load_service(args.root, args.overrides)
    url = args.url or f"http://{service.host}:{service.port}"
    known = versions.aliases(args.root)
    champion = versions.resolve(args.root).name
    earlier = versions.resolve(args.root, args.version).name
    if earlier == champion:
        raise ValueError(f"version {earlier} is champion; name an earlier one with --version")
    if (served := _served(url)) != champion:
        raise ValueError(f"{url} serves version {served}, models/ has champion {champion}")
    with _restored(args.root, champion, known.get(versions.PREVIOUS)):
        rollback.run(_words(args.root, earlier))
        back = _wait(url, earlier, args.limit)
        rollback.run(_words(args.root, champion))
        forward = _wait(url, champion, args.limit)
    facts = {"from": champion, "to": earlier, "url": url, "forward_s": forward}
    record(args.root, "rehearsal", seconds=back, **facts)
    log("rehearse", f"{champion} -> {earlier} in {back:.1f} s, and forward in {forward:.1f} s")
    log("", f"record    {REPORT.as_posix()}: commit it")


def _words(root: Path, version: str) -> argparse.Namespace:
    return argparse.Namespace(root=root, version=version, reason=REASON)


@contextmanager
def _restored(root: Path, champion: str, previous: str | None) -> Iterator[None]:
    """At the end aliases and records are as before: the rehearsal has a record of its own."""
    paths = [path for path in (root / PROMOTION, root / REGISTRY) if path.is_file()]
    contents = {path: path.read_text(encoding="utf-8") for path in paths}
    try:
        yield
    finally:
        with versions.locked(root):
            versions.set_aliases(root, champion=champion, previous=previous)
            for path, text in contents.items():
                write_text(path, text)


def _served(url: str) -> str:
    return str(read_url(f"{url}/version")["model_version"])


def _wait(url: str, version: str, limit: float) -> float:
    """Seconds until the service has this version; raises CheckFailed after `limit`."""
    start = time.monotonic()
    while _served(url) != version:
        if time.monotonic() - start > limit:
            raise CheckFailed(f"{url} did not change to version {version} in {limit:g} s")
        time.sleep(STEP_S)
    return round(time.monotonic() - start, 2)
