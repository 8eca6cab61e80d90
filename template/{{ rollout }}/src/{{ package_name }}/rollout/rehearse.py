"""Roll a running service back and forward again, and record the seconds: `rehearse`."""

import argparse
import time
from pathlib import Path
from urllib.request import urlopen

from pydantic_core import from_json

from ..registry import versions
from ..serving.settings import load_service
from ..utils.errors import CheckFailed
from ..utils.logs import log
from .rollout import REPORT, record

TIMEOUT_S, LIMIT_S, STEP_S = 5, 60, 0.1


def run(args: argparse.Namespace) -> None:
    """Write reports/rollout.json; raises CheckFailed where the service does not follow.

    The service is that of conf/service.yaml, and reads the same models/. The aliases are the same
    before and after, also when the command is interrupted.
    """
    root, service = args.root, load_service(args.root, args.overrides)
    url = f"http://{service.host}:{service.port}"
    champion, earlier = (versions.resolve(root, one).name for one in ("champion", "previous"))
    if (served := _served(url)) != champion:
        raise ValueError(f"{url} serves version {served}, models/ has champion {champion}")
    try:
        back = _exchange(root, url, earlier)
    finally:
        forward = _exchange(root, url, champion)
    facts = {"from": champion, "to": earlier, "url": url, "forward_s": forward}
    record(root, "rehearsal", seconds=back, **facts)
    log("rehearse", f"{champion} -> {earlier} in {back:.1f} s, and forward in {forward:.1f} s")
    log("", f"record    {REPORT.as_posix()}: commit it")


def _served(url: str) -> str:
    """The version that answers; raises ValueError that names the remedy."""
    try:
        with urlopen(f"{url}/version", timeout=TIMEOUT_S) as response:
            return str(from_json(response.read())["model_version"])
    except OSError as error:
        raise ValueError(f"{url}: {error}; start the service with `serve`") from error


def _exchange(root: Path, url: str, champion: str) -> float:
    """Seconds until the service has this champion; raises CheckFailed after LIMIT_S."""
    with versions.locked(root):
        versions.set_aliases(root, champion=champion)
    start = time.monotonic()
    while _served(url) != champion:
        if time.monotonic() - start > LIMIT_S:
            raise CheckFailed(f"{url} did not change to version {champion} in {LIMIT_S} s")
        time.sleep(STEP_S)
    return round(time.monotonic() - start, 2)
