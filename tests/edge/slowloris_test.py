"""Slow connections: 300 clients that take their time, each in one of nine ways, with default limits.

An honest client is served all the while, and the server ends every slow connection by itself.
"""

import select
import socket
import ssl
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from edge_server import EdgeServer, Tally
from raw_tls import CONTEXT, RawTls, is_served
from websocket_wire import BINARY, PING, RawWebSocket, frame

EACH = 34
KINDS_AT_LEAST = 300
BEAT = 0.5  # Between two drips.
SLACK = 15.0  # A busy machine's; the limits themselves are those of docs/operations.md.


@dataclass
class Slow:
    """One slow client: what it sends at each beat, and when the server should have had enough."""

    kind: str
    sock: socket.socket
    drip: Callable[[], bytes]
    limit: float
    began: float
    ended: float | None = None


def endless(data: bytes, then: bytes) -> Callable[[], bytes]:
    """One byte a beat: the data, then `then` for ever."""
    rest = bytearray(data)
    return lambda: bytes([rest.pop(0)]) if rest else then


def silent() -> bytes:
    return b""


def tcp(port: int, source: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 30, (source, 0))


def client_hello() -> bytes:
    outgoing = ssl.MemoryBIO()
    hello = CONTEXT.wrap_bio(ssl.MemoryBIO(), outgoing)
    try:
        hello.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def secured(port: int, source: str) -> socket.socket:
    return RawTls(port, source).tls


def websocket(port: int, source: str) -> socket.socket:
    return RawWebSocket(port, source).tls


POST = b"POST /v1/setup/info HTTP/1.1\r\nHost: edge\r\nContent-Length: 1000\r\n\r\n"
GETS = b"GET /healthz HTTP/1.1\r\nHost: edge\r\n\r\n" * 64
KINDS: dict[str, tuple[Callable[[int, str], socket.socket], Callable[[], Callable], float]] = {
    "tcp-silent": (tcp, lambda: silent, 5),
    "tls-hello-drip": (tcp, lambda: endless(client_hello(), b""), 5),
    "tls-silent": (secured, lambda: silent, 15),
    "header-drip": (secured, lambda: endless(b"GET / HTTP/1.1\r\n", b"X"), 15),
    "field-drip": (secured, lambda: lambda: b"X-A: b\r\n", 15),
    "body-drip": (secured, lambda: endless(POST, b"\x00"), 15),
    "websocket-silent": (websocket, lambda: silent, 10),
    "websocket-frame-drip": (
        websocket, lambda: endless(frame(BINARY, b"\x00" * 5000), b"\x00"), 10
    ),
    "websocket-pings": (websocket, lambda: lambda: frame(PING, b"still here"), 10),
}


def open_all(port: int) -> list[Slow]:
    crowd = []
    for number in range(EACH):
        for place, (kind, (connect, drip, limit)) in enumerate(KINDS.items()):
            sock = connect(port, f"127.5.{place}.{number + 1}")
            sock.setblocking(False)
            crowd.append(Slow(kind, sock, drip(), limit, time.monotonic()))
            time.sleep(0.01)  # Under the limit of handshakes a second.
    return crowd


def send_drips(crowd: list[Slow]) -> None:
    for slow in crowd:
        data = slow.drip() if slow.ended is None else b""
        if data:
            try:
                slow.sock.send(data)
            except (OSError, ssl.SSLError):
                pass  # Reading says that it has ended.


def read_ends(crowd: list[Slow], seconds: float) -> None:
    """Notes who was closed; answers that still come are read and forgotten."""
    by_file = {slow.sock.fileno(): slow for slow in crowd if slow.ended is None}
    poll = select.poll()
    for descriptor in by_file:
        poll.register(descriptor, select.POLLIN)
    for descriptor, _ in poll.poll(seconds * 1000):
        slow = by_file[descriptor]
        try:
            if slow.sock.recv(65536):
                continue
        except (ssl.SSLWantReadError, BlockingIOError):
            continue
        except (OSError, ssl.SSLError):
            pass
        slow.ended = time.monotonic()


def main() -> int:
    tally = Tally()
    with EdgeServer(sys.argv[1]) as server:
        idle = server.metric("wardline_connections")
        crowd = open_all(server.port)
        steady = RawTls(server.port, "127.6.0.1")  # Slow, but never for too long: it may stay.
        last = max(slow.began for slow in crowd) + max(slow.limit for slow in crowd) + SLACK
        asked = 0
        while any(slow.ended is None for slow in crowd) and time.monotonic() < last:
            send_drips(crowd)
            beat = time.monotonic() + BEAT
            while time.monotonic() < beat and any(slow.ended is None for slow in crowd):
                read_ends(crowd, max(0.0, beat - time.monotonic()))
            asked += 1
            tally.check(f"honest-client-{asked}", is_served(server.port))
            if asked % 10 == 0:
                steady.send(b"GET /healthz HTTP/1.1\r\nHost: edge\r\n\r\n")
                answer = steady.response()
                tally.check(f"steady-client-{asked}", answer is not None and answer[0] == 200)
        for number, slow in enumerate(crowd):
            told = f"{slow.ended and slow.ended - slow.began}"
            good = slow.ended is not None and slow.ended - slow.began < slow.limit + SLACK
            tally.check(f"{slow.kind}-{number}-was-closed", good, told)
        steady.close()
        tally.check("all-gone", server.wait_for_metric("wardline_connections", idle))
        tally.check("served-while-it-lasted", asked >= 10)
        # A control: these connections end because they are slow, not because all connections do.
        longest = max(slow.ended - slow.began for slow in crowd if slow.ended is not None)
        print(f"slow connections: {len(crowd)}, the last was closed after {longest:.1f} s")
        tally.check("alive", server.alive())
    return tally.finish("Slow connections", KINDS_AT_LEAST)


if __name__ == "__main__":
    sys.exit(main())
