"""WebSocket frames (RFC 6455) made by hand, right or wrong, and requests that fit into them."""

import base64
import struct
from dataclasses import dataclass, field

from raw_tls import PATIENCE, RawTls

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x37\xfa\x21\x3d"
KEY = base64.b64encode(b"sixteen bytes ok").decode()

UPGRADE = (
    "GET /v1/ws HTTP/1.1\r\nHost: edge\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
    "Sec-WebSocket-Protocol: wardline.1\r\n\r\n"
).encode()


def masked(payload: bytes, mask: bytes) -> bytes:
    whole = int.from_bytes((mask * (len(payload) // 4 + 1))[: len(payload)], "big")
    return (int.from_bytes(payload, "big") ^ whole).to_bytes(len(payload), "big")


def frame(
    opcode: int,
    payload: bytes = b"",
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = MASK,
    length_form: int | None = None,
    claimed: int | None = None,
) -> bytes:
    """`length_form` is 7, 16 or 64 bits, right or not; `claimed` a length that is not the payload's."""
    size = len(payload) if claimed is None else claimed
    form = length_form or (7 if size < 126 else 16 if size < 65536 else 64)
    bit = 0x80 if mask is not None else 0
    out = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if form == 7:
        out += bytes([bit | size])
    elif form == 16:
        out += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        out += bytes([bit | 127]) + struct.pack(">Q", size)
    if mask is not None:
        return out + mask + masked(payload, mask)
    return out + payload


def close_frame(code: int | None = 1000, reason: bytes = b"") -> bytes:
    return frame(CLOSE, b"" if code is None else struct.pack(">H", code) + reason)


def cbor_head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for extra, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if number < 1 << 8 * struct.calcsize(form):
            return bytes([major << 5 | extra]) + struct.pack(form, number)
    raise ValueError(number)


def cbor_text(text: str) -> bytes:
    return cbor_head(3, len(text.encode())) + text.encode()


def request(number: int, size: int = 0) -> bytes:
    """A request without a login, so answered `not_logged_in`; padded to exactly `size` bytes."""
    bare = cbor_text("t") + cbor_text("head") + cbor_text("id") + cbor_head(0, number)
    if size == 0:
        return bytes([0xA2]) + bare
    for key_size in range(1, 24):  # Unknown keys are ignored.
        rest = size - 1 - len(bare) - 1 - key_size
        for head in (1, 2, 3, 5):
            if rest >= head and len(cbor_head(2, rest - head)) == head:
                pad = cbor_head(2, rest - head) + b"\x00" * (rest - head)
                return bytes([0xA3]) + bare + cbor_text("p" * key_size) + pad
    raise ValueError(size)


@dataclass
class Heard:
    """What a server said until it closed, or until it answered the last question."""

    answers: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    pongs: list[bytes] = field(default_factory=list)
    pings: int = 0
    closed: bytes | None = None  # The payload of its close frame.
    ended: bool = False
    wrong: list[str] = field(default_factory=list)  # Where the server itself broke the RFC.


class RawWebSocket(RawTls):
    """After the upgrade and the server's hello."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        super().__init__(port, source)
        self.send(UPGRADE)
        answer = self.response()
        assert answer is not None and answer[0] == 101, answer
        self.hello = self.next_frame()
        assert self.hello is not None and self.hello[0] & 15 == BINARY

    def next_frame(self) -> tuple[int, bytes] | None:
        """First byte and payload; None at the end."""
        head = self.take(2)
        if head is None:
            return None
        size = head[1]
        if size & 0x80:
            raise AssertionError("a server's frame is masked")
        if size >= 126:
            extended = self.take(2 if size == 126 else 8)
            if extended is None:
                return None
            size = int.from_bytes(extended, "big")
        payload = self.take(size)
        return None if payload is None else (head[0], payload)

    def listen(self, heard: Heard, until_answer: int | None = None) -> Heard:
        """Adds what comes: to the end of the connection, or to the answer with that number."""
        while True:
            came = self.next_frame()
            if came is None:
                heard.ended = True
                return heard
            first, payload = came
            if heard.closed is not None:
                heard.wrong.append("a frame behind the close frame")
            if first & 0x70 or not first & 0x80:
                heard.wrong.append(f"first byte {first:02x}")
            opcode = first & 15
            if opcode == PONG:
                heard.pongs.append(payload)
            elif opcode == PING:
                heard.pings += 1
            elif opcode == CLOSE:
                heard.closed = payload
                self.answer_close(payload)
            elif opcode == BINARY:
                number, code = read_answer(payload)
                if code is not None:
                    heard.errors.append(code)
                if number is not None:
                    heard.answers.append(number)
                    if number == until_answer:
                        return heard
            else:
                heard.wrong.append(f"opcode {opcode}")

    def answer_close(self, payload: bytes) -> None:
        """As a good client would; harmless where the server does not wait for it."""
        self.send(frame(CLOSE, payload[:2]))


def read_answer(payload: bytes) -> tuple[int | None, str | None]:
    """Number and error code of an answer, found by their keys: no CBOR reader is needed for these."""
    number = code = None
    at = payload.find(b"\x62id")
    if at >= 0:
        first = payload[at + 3]
        size = {24: 1, 25: 2, 26: 4}.get(first, 0)
        number = first if size == 0 else int.from_bytes(payload[at + 4 : at + 4 + size], "big")
    at = payload.find(b"\x64code")
    if at >= 0:
        size = payload[at + 5] & 31
        code = payload[at + 6 : at + 6 + size].decode()
    return number, code


__all__ = ["PATIENCE", "Heard", "RawWebSocket", "close_frame", "frame", "request"]
