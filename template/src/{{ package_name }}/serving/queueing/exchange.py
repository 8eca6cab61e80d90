"""What a worker says to Redis: where a request ends, at one stroke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from ...configs.queue import Queue

# All or nothing, also where the worker dies: an answer without an acknowledgement would be given
# twice, an acknowledgement without an answer would lose the request. An entry that is no longer
# pending was settled by another worker.
SETTLE = """
local requests, target, mark = KEYS[1], KEYS[2], KEYS[3]
local group, entry, remember_s, kept = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('XACK', requests, group, entry) == 0 then
  return 'settled'
end
redis.call('XDEL', requests, entry)
if mark ~= target and not redis.call('SET', mark, entry, 'NX', 'EX', remember_s) then
  return 'repeated'
end
redis.call('XADD', target, 'MAXLEN', '~', kept, '*', unpack(ARGV, 5))
return 'written'
"""

Outcome = Literal["settled", "repeated", "written"]


@dataclass(frozen=True)
class Entry:
    """A request as it lies in the stream; fields may hold anything."""

    number: bytes
    fields: Mapping[bytes, bytes]


@dataclass(frozen=True)
class Ending:
    """How a request ends: in the stream of answers, or else in that of refusals.

    fields: what is written there. facts: for the log; by its `request_id` a request is known that
    comes again.
    """

    entry: Entry
    event: Literal["prediction", "refused"]
    fields: Mapping[str, bytes | str]
    facts: Mapping[str, Any]


class Exchange:
    """The streams of one worker."""

    def __init__(self, redis: Redis, queue: Queue) -> None:
        self.redis, self.queue = redis, queue
        self._settle: Any = redis.register_script(SETTLE)

    async def open(self) -> None:
        """Make the group, from the stream's beginning: what was sent before it counts."""
        from redis.exceptions import ResponseError

        try:
            await self.redis.xgroup_create(
                self.queue.streams.requests, self.queue.group, id="0", mkstream=True
            )
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def settle(self, endings: Sequence[Ending]) -> list[Outcome]:
        """Write where each request ends, and take it out of the stream of requests."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for ending in endings:
                await self._settle(self._keys(ending), self._words(ending), client=pipe)
            return [said.decode() for said in await pipe.execute()]

    async def n_deliveries(self, entry: Entry) -> int:
        """How often a pending request was given to a worker."""
        streams, number = self.queue.streams, entry.number
        found = await self.redis.xpending_range(
            streams.requests, self.queue.group, min=number, max=number, count=1
        )
        return int(found[0]["times_delivered"]) if found else 0

    def _keys(self, ending: Ending) -> list[str]:
        streams = self.queue.streams
        if ending.event == "refused":
            # Not remembered: once its sender has mended it, it may come again under its id.
            return [streams.requests, streams.refused, streams.refused]
        return [
            streams.requests,
            streams.answers,
            f"{streams.answers}:{ending.facts['request_id']}",
        ]

    def _words(self, ending: Ending) -> list[Any]:
        queue = self.queue
        fields = [word for pair in ending.fields.items() for word in pair]
        return [queue.group, ending.entry.number, queue.remember_s, queue.kept, *fields]
