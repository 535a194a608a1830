"""moto as an S3 server of this process, and a door before it that loses answers, or refuses what S3 would not."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

BUCKET = "seau-dsf"
REGION = "eu-west-3"
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "server", "date"}

Rule = Callable[[str, str, Mapping[str, str]], str]
"""(method, path, headers) → "" to pass on, "lost" to do it and lose the answer, "cut" to do nothing and answer nothing,
"ignore" to leave out the conditions, or a status to answer with, such as "503 SlowDown"."""


class S3Server:
    """``requests``: (method, path) of what was asked so far. ``rule``: what happens to each."""

    def __init__(self, backend: tuple[str, int]) -> None:
        self.backend = backend
        self.requests: list[tuple[str, str]] = []
        self.rule: Rule = lambda _method, _path, _headers: ""
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = "http://{}:{}".format(*self._server.server_address[:2])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def address(self, prefix: str) -> str:
        """As the settings name it."""
        return f"s3://{BUCKET}/{prefix}"

    @contextmanager
    def running(self) -> Iterator["S3Server"]:
        """On a free port."""
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no error."""


def _handler(server: S3Server) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            """Silence."""

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            server.requests.append((self.command, self.path))
            said = server.rule(self.command, self.path, headers)
            if said == "cut":
                self._hang_up()
                return
            if said and said[0].isdigit():
                status, _, code = said.partition(" ")
                self._answer(int(status), {}, f"<Error><Code>{code}</Code></Error>".encode())
                return
            if said == "ignore":
                headers = {
                    name: value for name, value in headers.items() if name.lower() not in ("if-none-match", "if-match")
                }
            host, port = server.backend
            there = HTTPConnection(host, port)
            there.request(self.command, self.path, body, headers | {"Host": f"{host}:{port}"})
            answer = there.getresponse()
            data = answer.read()
            there.close()
            if said == "lost":
                self._hang_up()
            else:
                self._answer(answer.status, dict(answer.getheaders()), data)

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.close()

        def _answer(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            size = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(data))
            self.send_header("Content-Length", size)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass  # noqa: N815

    return Door


@contextmanager
def moto(patch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A server with an empty bucket, and the environment that leads to it."""
    backend = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    backend.start()
    try:
        with S3Server(backend.get_host_and_port()).running() as server:
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                patch.delenv(name)
            for name, value in {
                "AWS_ACCESS_KEY_ID": "essai",
                "AWS_SECRET_ACCESS_KEY": "essai",
                "AWS_REGION": REGION,
                "AWS_ENDPOINT_URL": server.url,
                "AWS_ALLOW_HTTP": "true",
            }.items():
                patch.setenv(name, value)
            yield server
    finally:
        backend.stop()


@contextmanager
def bucket(server: S3Server) -> Iterator[None]:
    """The bucket, empty, and a door that passes everything; gone afterwards."""
    given = {"endpoint_url": "http://{}:{}".format(*server.backend), "region_name": REGION}
    made = boto3.resource("s3", **given).Bucket(BUCKET)
    made.create(CreateBucketConfiguration={"LocationConstraint": REGION})
    server.requests.clear()
    try:
        yield
    finally:
        server.rule = lambda _method, _path, _headers: ""
        made.objects.all().delete()
        made.delete()
        made.meta.client.close()
