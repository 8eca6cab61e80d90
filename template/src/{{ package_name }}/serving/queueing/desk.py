"""Read the requests of a queue, and say how each ends: with an answer or with a reason."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic_core import to_json

from ..fallback import Fallback, Said
from ..problems import Refused
from ..requests import Asked, Reader
from .exchange import Ending, Entry

if TYPE_CHECKING:
    from ...configs.queue import Queue
    from ...configs.service import AllowedAnswers
    from ..loading import Loaded

ID, BODY = b"id", b"body"
MAX_ID_BYTES = 200


class Desk:
    """Answers with one model, by the rules of the service."""

    def __init__(self, loaded: Loaded, allowed: AllowedAnswers, queue: Queue) -> None:
        self.loaded, self.queue = loaded, queue
        self.reader = Reader(loaded, max_rows=1)
        self.fallback = Fallback(loaded, allowed)

    def answer(self, entries: Sequence[Entry]) -> list[Ending]:
        """How each request ends, in any order. Raises what the model raises."""
        endings, asked = list[Ending](), list[tuple[Entry, Asked]]()
        for entry in entries:
            try:
                asked.append((entry, self._read(entry)))
            except Refused as why:
                endings.append(refused(entry, why.message))
        if asked:
            said = self._said([one for _, one in asked])
            answered = zip((entry for entry, _ in asked), said, strict=True)
            endings += [self._answered(entry, one) for entry, one in answered]
        return endings

    def _read(self, entry: Entry) -> Asked:
        _id_of(entry)
        if BODY not in entry.fields:
            raise Refused("unfit", "body is missing")
        body = entry.fields[BODY]
        if len(body) > self.queue.body_bytes:
            most = self.queue.body_bytes
            raise Refused("too_large", f"the body has {len(body)} bytes, at most {most} are read")
        return self.reader.one(body)

    def _said(self, asked: Sequence[Asked]) -> list[Said]:
        numbers = np.concatenate([one.numbers for one in asked])
        texts = np.concatenate([one.texts for one in asked])
        return self.fallback.checked(self.loaded.scorer.score(numbers, texts))

    def _answered(self, entry: Entry, said: Said) -> Ending:
        content = {
            "prediction_id": secrets.token_hex(16),
            "prediction": said.prediction,
            "probabilities": said.probabilities,
            "model_version": self.loaded.version,
            "source": said.source,
            "reason": said.reason,
        }
        name = _id_of(entry)
        fields: dict[str, bytes | str] = {"id": name, "answer": to_json(content)}
        return Ending(entry, "prediction", fields, {"request_id": name, **content})


def refused(entry: Entry, reason: str) -> Ending:
    """The end of a request that gets no answer; what came is kept as it came."""
    name, body = (entry.fields.get(field, b"") for field in (ID, BODY))
    kept: dict[str, bytes | str] = {"id": name, "body": body, "reason": reason}
    facts = {"request_id": name.decode(errors="replace"), "reason": reason}
    return Ending(entry, "refused", kept, facts)


def _id_of(entry: Entry) -> str:
    """Raises Refused where a request has no name under which it could be answered."""
    given = entry.fields.get(ID, b"")
    try:
        name = given.decode()
    except UnicodeDecodeError:
        raise Refused("unfit", "id is not UTF-8") from None
    if not 0 < len(given) <= MAX_ID_BYTES:
        raise Refused("unfit", f"id must have 1 to {MAX_ID_BYTES} bytes, got {len(given)}")
    return name
