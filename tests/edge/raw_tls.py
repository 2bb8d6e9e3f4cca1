"""Raw bytes over TLS 1.3: what a client that follows no rules would send, and what comes back."""

import select
import socket
import ssl
import time

PATIENCE = 30.0  # For an answer; long, because the machine may be busy.


def client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


CONTEXT = client_context()


class Silence(Exception):
    """The server neither answered nor closed in time."""


class RawTls:
    """One connection. `source` is the loopback address it comes from, as limits by address see it."""

    def __init__(self, port: int, source: str = "127.0.0.1", host: str = "127.0.0.1") -> None:
        self.tcp = socket.create_connection(
            (host, port), PATIENCE, (source, 0) if ":" not in host else None
        )
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.tls = CONTEXT.wrap_socket(self.tcp)
        except BaseException:
            self.tcp.close()
            raise
        self.tls.settimeout(PATIENCE)
        self.buffer = b""
        self.ended = False

    def __enter__(self) -> "RawTls":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.tls.close()

    def send(self, data: bytes) -> None:
        """All of it, unless the server has hung up."""
        try:
            self.tls.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            pass

    def hang_up(self) -> None:
        """Ends the writing side without a word of TLS: a client that was cut off."""
        socket.socket.shutdown(self.tls, socket.SHUT_WR)

    def more(self, patience: float = PATIENCE) -> bool:
        """Reads what comes next into the buffer; False at the end of the connection."""
        if self.ended:
            return False
        end = time.monotonic() + patience
        while True:
            if not self.tls.pending():
                ready, _, _ = select.select([self.tls], [], [], max(0.0, end - time.monotonic()))
                if not ready:
                    raise Silence
            try:
                self.tls.settimeout(max(0.01, end - time.monotonic()))
                data = self.tls.recv(65536)
            except TimeoutError:
                raise Silence from None
            except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
                data = b""
            if not data:
                self.ended = True
                return False
            self.buffer += data
            return True

    def until_end(self, patience: float = PATIENCE) -> bytes:
        """Everything up to the end of the connection."""
        while self.more(patience):
            pass
        return self.buffer

    def take(self, count: int) -> bytes | None:
        """Exactly so many bytes; None when the connection ends before."""
        while len(self.buffer) < count:
            if not self.more():
                return None
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def response(self, head_only: bool = False) -> tuple[int, dict[str, str], bytes] | None:
        """One HTTP response: status, header fields, body. None at the end of the connection."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.more():
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        body = b""
        status = int(lines[0].split(" ")[1])
        if not head_only and status != 101:
            body = self.take(int(fields.get("content-length", "0"))) or b""
        return status, fields, body


def is_served(port: int, source: str = "127.0.0.1", host: str = "127.0.0.1") -> bool:
    """Whether an honest client is answered."""
    with RawTls(port, source, host) as client:
        client.send(b"GET /healthz HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n")
        answer = client.response()
        return answer is not None and answer[0] == 200 and answer[2] == b"ok\n"
