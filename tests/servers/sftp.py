"""An SFTP server of this process over a folder: it can fall silent before or after the n-th act, for once or for good."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh

ACTS = (
    *("open", "close", "read", "write", "fsync", "lstat", "stat", "fstat", "scandir", "mkdir", "rmdir"),
    *("remove", "rename", "posix_rename"),
)
USER = "depot"


class SftpServer:
    """``root`` is what its accounts see as /. ``acts``: what was asked so far, in order."""

    def __init__(self, root: Path, keys: Path) -> None:
        self.root = root
        self.port = 0
        self.acts: list[str] = []
        self.silent = False
        self._at, self._after, self._once = 0, False, True
        self.seen: Callable[[str], object] = lambda _act: None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        host = asyncssh.generate_private_key("ssh-ed25519")
        client = asyncssh.generate_private_key("ssh-ed25519")
        self._host = host
        self.key, self.hosts, self._known = keys / "cle", keys / "known_hosts", keys / "authorized_keys"
        client.write_private_key(str(self.key))
        client.write_public_key(str(self._known))

    def cut(self, at: int, *, after: bool, once: bool = True) -> None:
        """Cut the line at the ``at``-th act from now: before it is done, or ``after``. Not ``once``: answer nobody any more."""
        self._at, self._after, self._once = len(self.acts) + at, after, once

    def heal(self) -> None:
        """Answer again."""
        self._at, self.silent = 0, False

    def address(self, path: str) -> str:
        """As the settings name it."""
        return f"sftp://{USER}@127.0.0.1:{self.port}/{path}"

    @contextmanager
    def running(self) -> Iterator["SftpServer"]:
        """On a free port."""
        self._thread.start()
        listener = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._end(listener), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _end(self, listener: asyncssh.SSHAcceptor) -> None:
        listener.close()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        listener = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Door(self),
            server_host_keys=[self._host],
            authorized_client_keys=str(self._known),
            **self.options(),
        )
        self.port = listener.get_port()
        public = self._host.export_public_key().decode().strip()
        self.hosts.write_text(f"[127.0.0.1]:{self.port} {public}\n")
        return listener

    def options(self) -> dict[str, Any]:
        """How sessions are answered."""
        return {"sftp_factory": lambda channel: _acts(self)(channel, chroot=str(self.root))}

    def session(self) -> Any:
        """What answers a session; False where ``options`` say it."""
        return False

    def reached(self, act: str, channel: Any) -> bool:
        """Note an act; True when it is the one before or after which the line is cut."""
        self.acts.append(act)
        self.seen(act)
        return bool(self._at) and len(self.acts) == self._at

    def die(self, channel: Any) -> None:
        """The line is cut; a server that is to stay silent turns away whoever comes."""
        self.silent = not self._once
        channel.get_connection().abort()


class _Door(asyncssh.SSHServer):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def session_requested(self) -> Any:
        return self._server.session()

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        if self._server.silent:
            conn.abort()


def _acts(server: SftpServer) -> type[asyncssh.SFTPServer]:
    """The acts of asyncssh's own server, each of which may be the last."""

    class Acts(asyncssh.SFTPServer):
        pass

    def wrapped(name: str) -> Callable[..., Any]:
        plain = getattr(asyncssh.SFTPServer, name)

        def act(self: asyncssh.SFTPServer, *args: Any) -> Any:
            cut = server.reached(name, self.channel)
            if cut and not server._after:
                server.die(self.channel)
                if name == "close":  # as the end of a process does
                    plain(self, *args)
                raise asyncssh.SFTPFailure("cut")
            try:
                done = plain(self, *args)
            finally:
                if cut:
                    server.die(self.channel)
            if cut and name == "open":
                done.close()
            return done

        return act

    for name in ACTS:
        setattr(Acts, name, wrapped(name))
    return Acts
