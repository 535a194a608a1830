"""A proxy before a PostgreSQL server: counts what a client asks, and cuts the connection at a chosen step.

A *step* is what the client sends before it waits: one statement (a query, or parse, bind, execute and sync together), a block of
a COPY, its end, the words of a connection's beginning. A farewell is none, for nobody waits for its answer. The same client doing
the same work makes the same steps, so a sweep asks once how many there are and then cuts before and after each.
"""

import re
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Self

Address = str | tuple[str, int]
"""Where the server listens: the path of its Unix socket, or host and port."""

_ENDS = frozenset(b"QSHdcfFpX")
"""Messages that end a step: query, sync, flush, copy's data, end and failure, function call, password, terminate."""
_NO_TERMINATOR = struct.Struct("!i")
_FAREWELL = "X"
_STATUS = "pg_xact_status"


class Cut(Enum):
    """What a step has come to when the connection is lost."""

    BEFORE = "before"
    """It never reaches the server."""
    AFTER = "after"
    """The server has done all of it, and its answer is lost."""
    LATE = "late"
    """It is under way: the server does it after the client has asked, on another connection, what became of it."""


@dataclass
class _Pair:
    """One client and its connection to the server."""

    client: socket.socket
    server: socket.socket
    statements: dict[bytes, str] = field(default_factory=dict)
    deaf: bool = False
    back: "threading.Thread | None" = None

    def reset(self) -> None:
        """Both ends see the connection reset."""
        for end in (self.client, self.server):
            _reset(end)

    def finish(self, data: bytes) -> None:
        """The server does ``data`` and ends its session; nobody hears of it."""
        self.deaf = True
        with suppress(OSError):
            self.server.sendall(data)
            self.server.shutdown(socket.SHUT_WR)
        assert self.back
        self.back.join()


class Proxy:
    """Listens on a free port of 127.0.0.1 while it is a context manager; connections that are not cut pass unchanged."""

    def __init__(self, server: Address) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._steps: list[str] = []
        self._lock = threading.Lock()
        self._late: list[tuple[_Pair, bytes]] = []
        self._pairs: list[_Pair] = []
        self._asked = False
        self.arm()

    @property
    def steps(self) -> list[str]:
        """What was asked since the last ``arm``, one text a step: the letters of its messages, the beginning of its SQL."""
        return list(self._steps)

    def arm(self, at: int = 0, how: Cut = Cut.BEFORE, *, down: bool = False) -> None:
        """Count anew and cut at step ``at`` (1 is the first; 0: never). ``down``: from then on nobody gets through."""
        self.deliver()
        with self._lock:
            self._steps = []
            self._at, self._how, self._goes_down = at, how, down
            self._down = self._asked = False

    def deliver(self) -> None:
        """What is under way arrives now."""
        with self._lock:
            late, self._late = self._late, []
        for pair, data in late:
            pair.finish(data)
            _reset(pair.server)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.deliver()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for pair in self._pairs:
            pair.reset()

    # --- what passes --------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                pair = _Pair(client, _connected(self._server))
            except OSError:  # no server: to the client, nobody is there
                _reset(client)
                continue
            self._pairs = [*(one for one in self._pairs if one.client.fileno() >= 0), pair]
            pair.back = threading.Thread(target=_pump, args=(pair,), daemon=True)
            pair.back.start()
            threading.Thread(target=self._forward, args=(pair,), daemon=True).start()

    def _forward(self, pair: _Pair) -> None:
        """From the client to the server, step by step, until one end is gone."""
        with suppress(OSError):
            begun, data, step = False, bytearray(), bytearray()
            while block := pair.client.recv(1 << 16):
                data += block
                while size := _whole(data, begun):
                    message, data = bytes(data[:size]), data[size:]
                    step += message
                    if begun and message[0] not in _ENDS:
                        continue
                    begun = begun or _protocol(message)
                    whole, step = bytes(step), bytearray()
                    if not self._step(pair, whole, _told(whole, pair.statements)):
                        return
            pair.server.shutdown(socket.SHUT_WR)

    def _step(self, pair: _Pair, data: bytes, told: str) -> bool:
        """Pass one step on, or not; False where the connection is cut."""
        if told == _FAREWELL:
            pair.server.sendall(data)
            return True
        if self._asked:
            self.deliver()
        with self._lock:
            self._steps.append(told)
            now = len(self._steps) == self._at
            self._asked = _STATUS in told
            how, down = self._how, self._down
            self._down = down or (now and self._goes_down)
        if down or (now and how is Cut.BEFORE):
            pair.reset()
            return False
        if not now:
            pair.server.sendall(data)
            return True
        if how is Cut.AFTER:
            pair.finish(data)
            pair.reset()
        else:
            pair.deaf = True
            with self._lock:
                self._late.append((pair, data))
            _reset(pair.client)
        return False


def _connected(server: Address) -> socket.socket:
    if isinstance(server, tuple):
        return socket.create_connection(server)
    made = socket.socket(socket.AF_UNIX)
    try:
        made.connect(server)
    except OSError:
        made.close()
        raise
    return made


def _pump(pair: _Pair) -> None:
    """From the server to the client, until the server has no more to say."""
    with suppress(OSError):
        while block := pair.server.recv(1 << 16):
            if not pair.deaf:
                pair.client.sendall(block)
    if not pair.deaf:
        with suppress(OSError):
            pair.client.shutdown(socket.SHUT_WR)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RD)  # a thread that waits there wakes up
    end.close()


# --- messages ---------------------------------------------------------------------------------------------------------


def _whole(data: bytearray, begun: bool) -> int:
    """The size of the first message when all of it is there, else 0. Those before a session begins have no letter."""
    head = 1 if begun else 0
    if len(data) < head + 4:
        return 0
    size = head + int(_NO_TERMINATOR.unpack_from(data, head)[0])
    return size if len(data) >= size else 0


def _protocol(message: bytes) -> bool:
    """A session begins, and no question whether it might be encrypted."""
    return int(_NO_TERMINATOR.unpack_from(message, 4)[0]) >> 16 == 3


def _told(step: bytes, statements: dict[bytes, str]) -> str:
    """A step in words: the letters of its messages, and the beginning of each statement, known by name once it was parsed."""
    if step[0] == 0:  # the size of a message that has no letter
        return "connect" if _protocol(step) else "encrypted?"
    letters, texts, left = "", [], bytearray(step)
    while left:
        size = _whole(left, begun=True)
        letter, body = chr(left[0]), bytes(left[5:size])
        letters += letter
        if letter == "Q":
            texts.append(_sql(body))
        elif letter == "P":
            name, sql, *_ = body.split(b"\0")
            statements[name] = _sql(sql)
        elif letter == "B":
            texts.append(statements.get(body.split(b"\0")[1], "?"))
        left = left[size:]
    return " ".join([letters, *dict.fromkeys(texts)])


def _sql(text: bytes) -> str:
    words = re.sub(r"\s+", " ", text.rstrip(b"\0").decode(errors="replace")).strip()
    return words if _STATUS in words else words[:40]
