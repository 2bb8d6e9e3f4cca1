"""The table of raw-frame cases after RFC 6455: what is sent, and the one outcome that is right."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from websocket_wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    MASK,
    PING,
    PONG,
    TEXT,
    close_frame,
    frame,
    request,
)

LIMIT = 131_072  # docs/protocol.md, section 1.


@dataclass(frozen=True)
class Case:
    """`end` is `None` where the connection stays usable, else the code of the server's close frame."""

    name: str
    section: str  # Of RFC 6455, or of docs/protocol.md where it says so.
    chunks: list[bytes]  # Each a write of its own.
    answers: tuple[int, ...] = ()  # Requests that are answered, in this order.
    pongs: tuple[bytes, ...] = ()
    end: int | None = None
    errors: tuple[str, ...] = ()  # What the answers say, where it is not `not_logged_in`.
    may_lose_answers: bool = False  # The server may close before it has answered.


def octets(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def length_cases() -> Iterator[Case]:
    """Section 5.2, payload length: every form, both sides of every boundary."""
    for size in (19, 20, 64, 124, 125, 126, 127, 128, 255, 256, 1000, 4096, 16383, 16384, 16385,
                 65534, 65535, 65536, 65537, LIMIT - 1, LIMIT):
        whole = frame(BINARY, request(1, size))
        yield Case(f"length-{size}", "5.2", [whole], (1,))
        yield Case(f"length-{size}-chopped", "5.2", pieces(whole, max(1, size // 7)), (1,))
        if size <= 256:
            yield Case(f"length-{size}-octet-wise", "5.2", octets(whole), (1,))
    for size in (0, 1, 125):
        payload = b"\x00" * size
        yield Case(f"length-{size}-in-16-bits", "5.2", [frame(BINARY, payload, length_form=16)],
                   end=1002)
    for size in (0, 125, 126, 65535):
        payload = b"\x00" * size
        yield Case(f"length-{size}-in-64-bits", "5.2", [frame(BINARY, payload, length_form=64)],
                   end=1002)
    for size in (LIMIT + 1, 1 << 20, (1 << 31) - 1, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63,
                 (1 << 64) - 1):
        head = frame(BINARY, b"", length_form=64, claimed=size)
        yield Case(f"length-claims-{size}", "10.4", [head], end=1009)
        yield Case(f"length-claims-{size}-text", "10.4",
                   [frame(TEXT, b"", length_form=64, claimed=size)], end=1009)
    over = frame(BINARY, request(1, LIMIT), fin=False)
    yield Case("length-limit-then-one-octet", "10.4", [over, frame(CONTINUATION, b"x")], end=1009)
    yield Case("length-limit-then-empty", "10.4", [over, frame(CONTINUATION)], (1,))
    half = frame(BINARY, b"\x00" * (LIMIT // 2), fin=False)
    rest = frame(CONTINUATION, b"\x00" * (LIMIT // 2), fin=False)
    yield Case("length-fragments-over-the-limit", "10.4", [half, rest, rest], end=1009)
    yield Case("length-continuation-claims-2^64-1", "10.4",
               [half, frame(CONTINUATION, b"", length_form=64, claimed=(1 << 64) - 1)], end=1009)


def reserved_bit_cases() -> Iterator[Case]:
    """Section 5.2, RSV1-3: no extension was negotiated, so any of them is an error."""
    opcodes = {"text": TEXT, "binary": BINARY, "close": CLOSE, "ping": PING, "pong": PONG}
    for rsv in range(1, 8):
        for name, opcode in opcodes.items():
            payload = b"\x03\xe8" if opcode == CLOSE else request(1)
            yield Case(f"rsv-{rsv}-{name}", "5.2", [frame(opcode, payload, rsv=rsv)], end=1002)
        begun = frame(BINARY, request(1)[:5], fin=False)
        yield Case(f"rsv-{rsv}-continuation", "5.2",
                   [begun, frame(CONTINUATION, request(1)[5:], rsv=rsv)], end=1002)
    yield Case("rsv-4-behind-a-good-message", "5.2",
               [frame(BINARY, request(1)), frame(BINARY, request(2), rsv=4)], (1,), end=1002,
               may_lose_answers=True)


def opcode_cases() -> Iterator[Case]:
    """Section 5.2, opcodes 3-7 and 11-15 are reserved."""
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield Case(f"opcode-{opcode}-empty", "5.2", [frame(opcode)], end=1002)
        yield Case(f"opcode-{opcode}-payload", "5.2", [frame(opcode, request(1))], end=1002)
        yield Case(f"opcode-{opcode}-unfinished", "5.2", [frame(opcode, request(1), fin=False)],
                   end=1002)
        yield Case(f"opcode-{opcode}-inside-a-message", "5.2",
                   [frame(BINARY, request(1)[:4], fin=False), frame(opcode)], end=1002)
        yield Case(f"opcode-{opcode}-behind-a-message", "5.2",
                   [frame(BINARY, request(1)) + frame(opcode)], (1,), end=1002,
                   may_lose_answers=True)


def split(data: bytes, parts: int) -> list[bytes]:
    """The frames of a message in so many fragments."""
    size = -(-len(data) // parts)
    cut = [data[i * size : (i + 1) * size] for i in range(parts)]
    return [
        frame(BINARY if i == 0 else CONTINUATION, part, fin=i == parts - 1)
        for i, part in enumerate(cut)
    ]


def fragment_cases() -> Iterator[Case]:
    """Section 5.4."""
    data = request(1, 200)
    for parts in (2, 3, 5, 10, 50, 200, 250):
        yield Case(f"fragments-{parts}", "5.4", split(data, parts), (1,))
        yield Case(f"fragments-{parts}-in-one-write", "5.4", [b"".join(split(data, parts))], (1,))
    yield Case("fragments-octet-wise", "5.4", octets(b"".join(split(data, 3))), (1,))
    yield Case("fragments-of-the-largest", "5.4", split(request(1, LIMIT), 64), (1,))
    first, last = split(data, 2)
    empty = frame(CONTINUATION, fin=False)
    yield Case("fragments-empty-in-between", "5.4", [first, empty, empty, empty, last], (1,))
    yield Case("fragments-empty-first", "5.4",
               [frame(BINARY, fin=False), frame(CONTINUATION, data)], (1,))
    yield Case("fragments-empty-last", "5.4",
               [frame(BINARY, data, fin=False), frame(CONTINUATION)], (1,))
    yield Case("fragments-many-empty", "5.4", [first] + [empty] * 500 + [last], (1,))
    yield Case("fragments-ping-in-between", "5.4", [first, frame(PING, b"p"), last], (1,), (b"p",))
    yield Case("fragments-two-pings-in-between", "5.4",
               [first, frame(PING, b"1"), empty, frame(PING, b"2"), last], (1,), (b"1", b"2"))
    yield Case("fragments-pong-in-between", "5.5.3", [first, frame(PONG, b"p"), last], (1,))
    yield Case("fragments-close-in-between", "5.5.1", [first, close_frame(1000)], end=1000)
    yield Case("fragments-two-messages", "5.4",
               split(request(1, 90), 3) + split(request(2, 90), 2), (1, 2))
    for name, opcode in (("text", TEXT), ("binary", BINARY)):
        for fin in (True, False):
            kind = "whole" if fin else "unfinished"
            yield Case(f"fragments-{name}-{kind}-inside-another", "5.4",
                       [first, frame(opcode, data, fin=fin)], end=1002)
    for fin in (True, False):
        kind = "last" if fin else "middle"
        for name, payload in (("empty", b""), ("payload", data)):
            yield Case(f"continuation-of-nothing-{kind}-{name}", "5.4",
                       [frame(CONTINUATION, payload, fin=fin)], end=1002)
            yield Case(f"continuation-behind-a-whole-message-{kind}-{name}", "5.4",
                       [frame(BINARY, request(1)), frame(CONTINUATION, payload, fin=fin)], (1,),
                       end=1002, may_lose_answers=True)


def mask_cases() -> Iterator[Case]:
    """Sections 5.1 and 5.3: a client's frame is masked, with any key."""
    names = {CONTINUATION: "continuation", TEXT: "text", BINARY: "binary", CLOSE: "close",
             PING: "ping", PONG: "pong"}
    for opcode, name in names.items():
        begun = [frame(BINARY, b"\xa2", fin=False)] if opcode == CONTINUATION else []
        payload = struct.pack(">H", 1000) if opcode == CLOSE else request(1)
        yield Case(f"unmasked-{name}", "5.1", begun + [frame(opcode, payload, mask=None)], end=1002)
        if opcode != CLOSE:
            yield Case(f"unmasked-{name}-empty", "5.1", begun + [frame(opcode, mask=None)],
                       end=1002)
    for key in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1", b"\1\0\0\0", b"\x80\0\0\x80",
                b"\xde\xad\xbe\xef", b"\x81\x82\x83\x84"):
        yield Case(f"mask-{key.hex()}", "5.3", [frame(BINARY, request(1, 133), mask=key)], (1,))
    yield Case("mask-changes-with-each-fragment", "5.3",
               [frame(BINARY, request(1, 60)[:31], fin=False, mask=b"abcd"),
                frame(CONTINUATION, request(1, 60)[31:], mask=b"wxyz")], (1,))
    whole = frame(BINARY, request(1, 133))
    yield Case("mask-key-in-octets", "5.3", octets(whole[:8]) + [whole[8:]], (1,))
    yield Case("unmasked-behind-a-good-message", "5.1",
               [frame(BINARY, request(1)), frame(BINARY, request(2), mask=None)], (1,), end=1002,
               may_lose_answers=True)


GOOD_TEXT = {
    "empty": b"", "ascii": b"hello", "two-octets": "\u00e9\u03ba\u1f79".encode(),
    "three-octets": "\u20ac\uffff".encode(), "four-octets": "\U0001f600\U0010ffff".encode(),
    "smallest-of-two": b"\xc2\x80", "smallest-of-three": b"\xe0\xa0\x80",
    "smallest-of-four": b"\xf0\x90\x80\x80", "before-surrogates": b"\xed\x9f\xbf",
    "behind-surrogates": b"\xee\x80\x80", "nul": b"\0", "bom": b"\xef\xbb\xbfx",
    "noncharacter": b"\xef\xbf\xbe", "long": "\u00e4".encode() * 5000,
}
BAD_TEXT = {
    "lone-continuation-80": b"\x80", "lone-continuation-bf": b"\xbf", "continuations": b"\x80" * 7,
    "lead-of-two-alone": b"\xc3", "lead-of-three-alone": b"\xe2\x82", "lead-of-four": b"\xf0\x9f\x98",
    "lead-then-ascii": b"\xc3(", "lead-of-three-then-ascii": b"\xe2\x28\xa1",
    "lead-of-four-then-ascii": b"\xf0\x28\x8c\xbc", "overlong-slash-two": b"\xc0\xaf",
    "overlong-slash-three": b"\xe0\x80\xaf", "overlong-slash-four": b"\xf0\x80\x80\xaf",
    "overlong-c1": b"\xc1\xbf", "overlong-three": b"\xe0\x9f\xbf", "overlong-four": b"\xf0\x8f\xbf\xbf",
    "surrogate-low": b"\xed\xa0\x80", "surrogate-high": b"\xed\xbf\xbf",
    "surrogate-pair": b"\xed\xa0\x80\xed\xb0\x80", "beyond-10ffff": b"\xf4\x90\x80\x80",
    "f5": b"\xf5\x80\x80\x80", "five-octets": b"\xf8\x88\x80\x80\x80",
    "six-octets": b"\xfc\x84\x80\x80\x80\x80", "fe": b"\xfe", "ff": b"\xff",
    "good-then-bad": b"hello\xff", "bad-behind-4096": b"a" * 4096 + b"\xc0\x80",
}


def text_cases() -> Iterator[Case]:
    """Section 8.1: invalid UTF-8 fails with 1007; the protocol takes binary frames only: 1003."""
    for name, data in GOOD_TEXT.items():
        yield Case(f"text-good-{name}", "protocol 10", [frame(TEXT, data)], end=1003)
    for name, data in BAD_TEXT.items():
        yield Case(f"text-bad-{name}", "8.1", [frame(TEXT, data)], end=1007)
    euro = b"\xe2\x82\xac"
    yield Case("text-good-cut-inside-a-character", "8.1",
               [frame(TEXT, euro[:1], fin=False), frame(CONTINUATION, euro[1:2], fin=False),
                frame(CONTINUATION, euro[2:])], end=1003)
    yield Case("text-bad-cut-inside-a-character", "8.1",
               [frame(TEXT, euro[:2], fin=False), frame(CONTINUATION, b"x")], end=1007)
    yield Case("text-bad-in-an-unfinished-message", "8.1",
               [frame(TEXT, b"\xff\xff", fin=False)], end=1007)
    # Refused as text; that its last character is not whole is found only with an octet behind it.
    yield Case("text-unfinished-character-at-the-end", "8.1",
               [frame(TEXT, euro[:2], fin=False), frame(CONTINUATION)], end=1003)
    yield Case("text-unfinished-character-in-the-last-frame", "8.1",
               [frame(TEXT, b"a", fin=False), frame(CONTINUATION, euro[:2])], end=1007)
    yield Case("text-behind-a-good-message", "protocol 10",
               [frame(BINARY, request(1)), frame(TEXT, b"hello")], (1,), end=1003)
    yield Case("text-good-octet-wise", "protocol 10", octets(frame(TEXT, euro)), end=1003)


def close_cases() -> Iterator[Case]:
    """Sections 5.5.1 and 7: a good close is answered with its own code, a bad one with 1002."""
    yield Case("close-without-a-code", "5.5.1", [close_frame(None)], end=1000)
    yield Case("close-of-one-octet", "5.5.1", [frame(CLOSE, b"\x03")], end=1002)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000,
                 4999):
        yield Case(f"close-{code}", "7.4", [close_frame(code)], end=code)
        yield Case(f"close-{code}-with-a-reason", "7.4", [close_frame(code, b"so long")], end=code)
    for code in (0, 1, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999):
        yield Case(f"close-{code}-is-refused", "7.4", [close_frame(code)], end=1002)
        yield Case(f"close-{code}-with-a-reason-is-refused", "7.4", [close_frame(code, b"why")],
                   end=1002)
    for size in (1, 2, 122, 123):
        yield Case(f"close-reason-{size}", "5.5", [close_frame(1000, b"r" * size)], end=1000)
    yield Case("close-reason-124", "5.5", [close_frame(1000, b"r" * 124)], end=1002)
    yield Case("close-reason-1000", "5.5", [close_frame(1000, b"r" * 1000)], end=1002)
    for name, data in BAD_TEXT.items():
        if len(data) <= 123:
            # 1002 where 1007 is as good: the RFC names no code for a bad reason.
            yield Case(f"close-reason-bad-{name}", "5.5.1", [close_frame(1000, data)], end=1002)
    for name, data in GOOD_TEXT.items():
        if 0 < len(data) <= 123:
            yield Case(f"close-reason-good-{name}", "5.5.1", [close_frame(1000, data)], end=1000)
    yield Case("close-octet-wise", "5.5.1", octets(close_frame(1000, b"bye")), end=1000)
    yield Case("close-then-a-message", "5.5.1",
               [close_frame(1000) + frame(BINARY, request(1))], end=1000)
    yield Case("close-then-a-ping", "5.5.1", [close_frame(1000) + frame(PING, b"p")], end=1000)
    yield Case("close-twice", "5.5.1", [close_frame(1000) + close_frame(1001)], end=1000)
    yield Case("close-then-noise", "5.5.1", [close_frame(1000) + b"\xff" * 1000], end=1000)
    yield Case("close-behind-a-message", "5.5.1",
               [frame(BINARY, request(1)) + close_frame(1000)], (1,), end=1000,
               may_lose_answers=True)
    yield Case("close-behind-an-answered-message", "5.5.1",
               [frame(BINARY, request(1)), b"", close_frame(4321)], (1,), end=4321,
               may_lose_answers=True)


def control_cases() -> Iterator[Case]:
    """Section 5.5."""
    for size in (0, 1, 2, 64, 124, 125):
        data = bytes(range(size))
        yield Case(f"ping-{size}", "5.5.2", [frame(PING, data)], pongs=(data,))
        yield Case(f"pong-{size}-unasked", "5.5.3", [frame(PONG, data)])
    for name, opcode in (("ping", PING), ("pong", PONG), ("close", CLOSE)):
        for size in (126, 127, 65536):
            payload = (struct.pack(">H", 1000) + b"x" * size)[:size]
            yield Case(f"{name}-of-{size}", "5.5", [frame(opcode, payload)], end=1002)
        payload = struct.pack(">H", 1000)
        yield Case(f"{name}-unfinished", "5.5", [frame(opcode, payload, fin=False)], end=1002)
        yield Case(f"{name}-in-two-fragments", "5.5",
                   [frame(opcode, payload, fin=False), frame(CONTINUATION, b"x")], end=1002)
        yield Case(f"{name}-length-in-16-bits", "5.5", [frame(opcode, payload, length_form=16)],
                   end=1002)
        yield Case(f"{name}-length-in-64-bits", "5.5", [frame(opcode, payload, length_form=64)],
                   end=1002)
    yield Case("ping-octet-wise", "5.5.2", octets(frame(PING, b"hello")), pongs=(b"hello",))
    yield Case("ping-of-any-octets", "5.5.2", [frame(PING, b"\x00\xff\xfe\x80\n")],
               pongs=(b"\x00\xff\xfe\x80\n",))
    ten = [str(i).encode() for i in range(10)]
    yield Case("ping-ten", "5.5.2", [frame(PING, p) for p in ten], pongs=tuple(ten))
    yield Case("ping-ten-in-one-write", "5.5.2", [b"".join(frame(PING, p) for p in ten)],
               pongs=tuple(ten))
    yield Case("ping-before-a-message", "5.5.2", [frame(PING, b"p") + frame(BINARY, request(1))],
               (1,), (b"p",))
    yield Case("ping-behind-a-message", "5.5.2", [frame(BINARY, request(1)) + frame(PING, b"p")],
               (1,), (b"p",))
    yield Case("pong-a-hundred-unasked", "5.5.3", [b"".join(frame(PONG, p) for p in ten) * 10])


def message_cases() -> Iterator[Case]:
    """docs/protocol.md, section 10: what stands inside a binary frame."""
    none = {
        "empty": b"", "one-octet": b"\x01", "break": b"\xff", "empty-map": b"\xa0",
        "array": b"\x81\x01", "text": b"\x62hi", "null": b"\xf6", "indefinite-map": b"\xbf\xff",
        "two-items": request(1) + b"\x00", "cut-short": request(1)[:-1], "tag": b"\xc1" + request(1),
        "float": b"\xa1\x61t\xf9\x00\x00", "key-twice": b"\xa2\x61t\x61x\x61t\x61x",
        "key-not-text": b"\xa1\x01\x02", "t-not-text": b"\xa1\x61t\x01", "id-not-a-number":
        b"\xa2\x61t\x64head\x62id\x61x", "number-not-shortest": b"\xa2\x61t\x64head\x62id\x18\x01",
        "claims-2^64": b"\x5b" + b"\xff" * 8, "deep": b"\x81" * 64 + b"\x01",
        "bad-utf-8": b"\xa1\x61t\x61\xff",
    }
    for name, data in none.items():
        yield Case(f"message-{name}", "protocol 10", [frame(BINARY, data)], end=1002,
                   errors=("bad_frame",))
    yield Case("message-without-a-number", "protocol 10",
               [frame(BINARY, b"\xa1\x61t\x64head"), frame(BINARY, request(1))], (1,),
               errors=("bad_frame", "not_logged_in"))
    yield Case("message-number-falls", "protocol 10",
               [frame(BINARY, request(2)), frame(BINARY, request(1))], (2, 1),
               errors=("not_logged_in", "bad_frame"))
    yield Case("message-number-repeated", "protocol 10",
               [frame(BINARY, request(1)), frame(BINARY, request(1))], (1, 1),
               errors=("not_logged_in", "bad_frame"))
    yield Case("message-unknown-type", "protocol 10",
               [frame(BINARY, b"\xa2\x61t\x67nothing\x62id\x01")], (1,), errors=("unknown_type",))
    many = [frame(BINARY, request(n)) for n in range(1, 65)]
    yield Case("message-sixty-four", "protocol 10", many, tuple(range(1, 65)))
    yield Case("message-sixty-four-in-one-write", "protocol 10", [b"".join(many)],
               tuple(range(1, 65)))


def broken_off_cases() -> Iterator[Case]:
    """Sections 7.1.5 and 7.1.7: what is no frame at all."""
    yield Case("noise-http", "5.2", [b"GET / HTTP/1.1\r\n\r\n"], end=1002)
    yield Case("noise-zeros", "5.2", [b"\0" * 64], end=1002)
    yield Case("noise-ones", "5.2", [b"\xff" * 64], end=1002)
    yield Case("noise-tls-record", "5.2", [b"\x16\x03\x01\x02\x00" * 4], end=1002)


GROUPS: list[Callable[[], Iterator[Case]]] = [
    length_cases, reserved_bit_cases, opcode_cases, fragment_cases, mask_cases, text_cases,
    close_cases, control_cases, message_cases, broken_off_cases,
]
CASES_AT_LEAST = 250

__all__ = ["CASES_AT_LEAST", "GROUPS", "MASK", "Case"]
