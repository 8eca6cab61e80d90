"""Write docs/openapi.json, the description that callers may rely on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..configs.schema import Config
from ..configs.service import load_service
from ..utils.errors import DoesNotHold
from ..utils.files import read_json, write_json
from ..utils.logs import say

OPENAPI = Path("docs", "openapi.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--break`."""
    parser.add_argument(
        "--break",
        action="store_true",
        dest="may_break",
        help="write it though callers of the old one would fail",
    )


def run(config: Config, args: argparse.Namespace) -> int:
    """Describe the champion's service; raises DoesNotHold where callers of today would fail."""
    from .compatibility import breaks

    new = described(args.root)
    path = args.root / OPENAPI
    found = breaks(read_json(path), new) if path.is_file() else []
    if found and not args.may_break:
        remedy = "give the new form a path of its own such as /v2/predict, or `openapi --break`"
        raise DoesNotHold("\n".join([f"{OPENAPI.as_posix()}: {one}" for one in found] + [remedy]))
    write_json(path, new)
    say("openapi", f"{OPENAPI.as_posix()}, {len(new['paths'])} paths; commit it")
    return 0


def described(root: Path) -> dict[str, Any]:
    """The description of the service that conf/service.yaml names."""
    import io

    from .app import create_app
    from .loading import Release
    from .logs import Lines

    service = load_service(root)
    lines = Lines(io.BytesIO())
    try:
        return create_app(Release.of(root, service.model), service, lines).openapi()
    finally:
        lines.close()
