"""HTTP/1.1 as uvicorn speaks it, for callers who finish the head of a request in time and size."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# uvicorn with httptools keeps a head of any size in memory, and waits for its end for ever.
MAX_HEAD_BYTES = 65_536
MAX_HEAD_S = 10.0
REFUSALS = {
    408: b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n",
}


class BoundedHead(HttpToolsProtocol):
    """A connection that ends where a head does not."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._await_head()
        self._watch(MAX_HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._watching.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Count what came of a head that has not ended yet."""
        super().data_received(data)
        if self._in_head:
            self._n_head += len(data)
            if self._n_head > MAX_HEAD_BYTES:
                self._refuse(431)

    def _await_head(self) -> None:
        self._in_head, self._n_head, self._since = True, 0, self.loop.time()

    def _watch(self, seconds: float) -> None:
        # One timer a connection, which looks now and then. One a request cost a tenth of it.
        self._watching = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        left_s = MAX_HEAD_S - (self.loop.time() - self._since) if self._in_head else MAX_HEAD_S
        if left_s > 0:
            self._watch(left_s)
        else:
            self._refuse(408)

    def _refuse(self, status: int) -> None:
        self._in_head = False
        self.transport.write(REFUSALS[status])
        self.transport.close()
