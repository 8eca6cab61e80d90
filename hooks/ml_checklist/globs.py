"""Match a path with a glob in which `*` stays within one part and `**` does not."""

import re
from functools import cache


def matches(path: str, pattern: str) -> bool:
    """Whether the whole of `path` is met by `pattern`.

    A pattern ending in `/` meets all below it.
    """
    return bool(_regex(pattern).fullmatch(path))


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    if pattern.endswith("/"):
        pattern += "**"
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))
