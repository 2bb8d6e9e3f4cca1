#!/usr/bin/env python3
"""Writes tests/fuzz/corpus/TARGET/: a few small inputs for each fuzz target.

Most come from the JSON vectors of tests/vectors, the rest is written down here. Run it again after a
vector has changed:  tests/fuzz/make_corpus.py
"""

import json
import pathlib
import struct
from typing import Any

TESTS = pathlib.Path(__file__).resolve().parent.parent
CORPUS = TESTS / "fuzz" / "corpus"
INPUT_BYTES_MAX = 4_096


def vectors(name: str) -> Any:
    """One file of tests/vectors."""
    with open(TESTS / "vectors" / f"{name}.json", encoding="utf-8") as file:
        return json.load(file)


def head(major: int, number: int) -> bytes:
    """The shortest head of a CBOR item."""
    if number < 24:
        return bytes([major << 5 | number])
    for info, form, end in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32)):
        if number < end:
            return bytes([major << 5 | info]) + struct.pack(form, number)
    return bytes([major << 5 | 27]) + struct.pack(">Q", number)


def cbor(value: Any) -> bytes:
    """A value in the profile of docs/protocol.md section 1."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(cbor(item) for item in value)
    items = sorted(value.items(), key=lambda item: item[0].encode())
    return head(5, len(items)) + b"".join(cbor(key) + cbor(item) for key, item in items)


def spread(items: list[Any], count: int) -> list[Any]:
    """At most `count` of them, from first to last."""
    step = max(1, len(items) // count)
    return items[::step][:count]


def cbor_inputs() -> list[bytes]:
    """Items of every kind, and some that are refused."""
    known = vectors("cbor")
    chosen = spread(known["good"], 10) + spread(known["bad"], 10)
    return [bytes.fromhex(item["cbor"]) for item in chosen]


def statement_inputs() -> list[bytes]:
    """A body of every type."""
    return [bytes.fromhex(item["body"]) for item in vectors("statements")["good"]]


def message_inputs() -> list[bytes]:
    """Whole messages, headers and lists of slots."""
    headers = vectors("headers")["accepted"][:2]
    return [bytes.fromhex(item["encoded"]) for item in headers] + slot_lists()


def slot_lists() -> list[bytes]:
    """Slots of a message, and slots that were added to messages."""
    known = vectors("slots")
    refused = [bytes.fromhex(item["encoded"]) for item in spread(known["refused"], 4)]
    return [bytes.fromhex(known["encoded"]), bytes.fromhex(known["added"])] + refused


def content_inputs() -> list[bytes]:
    """Contents, bare and padded."""
    padded = [bytes.fromhex(item["padded"]) for item in vectors("padding")["padded"][:3]]
    text = cbor({"v": 1, "type": "text", "text": "Guten Tag"})
    correction = cbor({"v": 1, "type": "correction", "text": "Good day", "of": bytes(16)})
    unknown = cbor({"v": 1, "type": "photo"})
    return padded + [text, correction, unknown, (text + b"\x80").ljust(64, b"\x00")]


def invite_inputs() -> list[bytes]:
    """URIs as they are printed."""
    return [item["uri"].encode() for item in vectors("boxes")["invites"]]


def entries() -> list[dict[str, Any]]:
    """Entries as they are pushed."""
    metadata = {"seq": 7, "time": 1, "kind": 2, "details": cbor({"class": "clinical"}),
                "salt": bytes(16)}
    known = vectors("statements")["good"][0]
    statement = {"body": bytes.fromhex(known["body"]), "sig": bytes(64)}
    return [metadata, metadata | {"expired": True}, metadata | {"live": [1, b"\x01"]},
            metadata | {"kind": 1, "chain": "clinic", "statement": statement}]


def frame_inputs() -> list[bytes]:
    """Requests, answers, errors and pushes."""
    frames: list[dict[str, Any]] = [
        {"t": "hello", "versions": [1], "features": ["live"], "nonce": bytes(32), "time": 1},
        {"t": "error", "id": 3, "code": "chain_moved", "pos": 4, "hash": bytes(32)},
        {"t": "sync", "id": 2, "after": 0, "limit": 500},
        {"t": "history", "id": 5, "entries": entries()[:2], "more": False},
        {"t": "bye", "code": "replaced", "retry_after_ms": 0},
    ]
    frames += [{"t": "entry", "entry": entry} for entry in entries()]
    return [cbor(frame) for frame in frames]


def request_inputs() -> list[bytes]:
    """One request of each type, by a member of staff, and a login before there is anybody."""
    thread, device = bytes(16), bytes(16)
    statement = {"body": bytes.fromhex(vectors("statements")["good"][3]["body"]),
                 "sig": bytes(64)}
    message = {"header": bytes.fromhex(vectors("headers")["accepted"][0]["encoded"]),
               "ciphertext": bytes(80), "slots": slot_lists()[0], "signature": bytes(64)}
    added = {"seq": 1, "slot": {"to": "team:front", "epoch": bytes(32), "box": bytes(97)}}
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("chain", {"chain": "clinic", "from": 0, "limit": 10}),
        ("statement", {"statement": statement, "boxes": [bytes(97)], "previous": False}),
        ("boxes", {"epoch": bytes(32)}),
        ("threads", {"after": "", "limit": 10}),
        ("recipients", {"thread": thread, "class": "clinical"}),
        ("prekeys-put", {"signed": None, "one_time": [{"id": 1, "key": b"\x05" + bytes(32)}]}),
        ("prekeys-get", {"devices": [device]}),
        ("send", {"message": message, "live": [[device, 1, b"\x00"]]}),
        ("open", {"thread": thread}),
        ("close", {"thread": thread}),
        ("history", {"thread": thread, "before": 0, "limit": 10}),
        ("sync", {"after": 0, "limit": 10}),
        ("receipt", {"thread": thread, "delivered": 1, "read": 1}),
        ("receipts", {"thread": thread}),
        ("head", {}),
        ("consistency", {"from": 1, "to": 2}),
        ("inclusion", {"seqs": [1, 2], "size": 2}),
        ("slots", {"thread": thread, "after": 0, "limit": 10}),
        ("add-slots", {"thread": thread, "added": [added]}),
        ("retention-preview", {}),
        ("retention-run", {}),
        ("status", {}),
    ]
    asked = [b"\x01" + cbor(body | {"t": kind, "id": 1}) for kind, body in bodies]
    login = {"t": "login", "id": 1, "device": device, "version": 1, "features": ["live"],
             "generation": 1, "binding": "none", "sig": bytes(64)}
    return asked + [b"\x03" + cbor(login)]


def http_inputs() -> list[bytes]:
    """A body for each path; the first byte names path and method."""
    statement = {"body": bytes.fromhex(vectors("statements")["good"][0]["body"]),
                 "sig": bytes(64)}
    begin = {"invite": bytes(16), "key": bytes(32), "time": 1, "sig": bytes(64),
             "clinic_from": 0, "patient_from": 0}
    token = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567." + "A" * 43
    bodies: list[Any] = [{"token": token, "statements": [statement, statement]}, {"token": token},
                         begin, {"statement": statement}]
    return [bytes([path]) + cbor(body) for path, body in enumerate(bodies)] + [
        bytes([7 + 4]), bytes([7 + 5]), b"\xf0/v1/enrol/begin?x"]


def chain_inputs() -> list[bytes]:
    """Each body signed by root, by the administrator and by others, some with a byte changed."""
    plain = [bytes([signer, body, 0]) for body in range(14) for signer in (0, 1)]
    return spread(plain, 12) + [bytes([1, 0, 1, 0, 40, 1, 2, 1, 0]), bytes([5, 2, 0, 2, 4, 0])]


def slots_inputs() -> list[bytes]:
    """Lists, and a genuine slot with one bit changed."""
    return slot_lists() + [b"\x00\x00\x01", b"\x00" + bytes(96) + b"\x80"]


def first_signal_message(identity: bytes = b"") -> bytes:
    """A first message of the right form; with an identity key, which none carries, if one is given."""
    key = b"\x05" + bytes([9]) + bytes(31)
    inner = b"\x33\x0a\x21" + key + b"\x10\x00\x18\x00\x22\x10" + bytes(16) + bytes(8)
    field = identity + bytes([9]) + bytes(31) if identity else b""
    return (b"\x33\x08\x01\x12\x21" + key + field + b"\x22" + bytes([len(inner)]) + inner
            + b"\x28\x05\x30\x01")


def signal_inputs() -> list[bytes]:
    """Changes of genuine messages, and raw ones; the first byte says which."""
    return [bytes([0]), bytes([1]), bytes([0, 1]), bytes([1, 0, 0, 1]),
            bytes([2]) + b"\x33\x0a\x21\x05" + bytes(40), bytes([3]) + b"\x33\x08\x01" + bytes(40),
            bytes([3]) + first_signal_message(), bytes([3]) + first_signal_message(b"\x1a\x21\x05")]


def config_inputs() -> list[bytes]:
    """A whole file, and the mistakes that people make."""
    whole = """data = "/var/lib/wardline"
listen = "[::]:8443"
log_level = "info"
allowed_origins = ["https://clinic.example"]
[database]
main = "host=db1"
key_ring = "host=db2"
connections = 4
[tls]
certificate = "/etc/c.pem"
key = "/etc/k.pem"
[metrics]
listen = "127.0.0.1:9100"
[limits]
idle_timeout_ms = 60000
"""
    return [text.encode() for text in (
        whole, "data = 1\n", "[limits]\nin_flight_max = 0\n", "unknown = true\n", "127.0.0.1:8443",
        "[::1]:0", 'data = "\\u00e4\n', "[tls]\n[tls]\n")]


def record_inputs() -> list[bytes]:
    """A queued message, a message, an identity, a ratchet; the first byte says which."""
    queued = {"id": bytes(16), "patient": "P-1", "thread": bytes(16), "class": "clinical",
              "content": cbor({"v": 1, "type": "text", "text": "x"}), "created": 1,
              "attempts": [bytes(32)]}
    message = {"seq": 1, "id": bytes(16), "patient": "P-1", "thread": bytes(16),
               "author": "s:anna", "device": bytes(16), "class": "clinical", "sent": 1, "state": 4,
               "text": "x", "reason": "", "own": False, "received": 1, "expires": 2}
    return [b"\x00" + cbor(queued), b"\x01" + cbor(message), b"\x02" + cbor({"v": 1}),
            b"\x03\x0a\x04\x08\x03\x12\x00", b"\x03\x08\x01\x12\x21\x05" + bytes(32)]


def file_inputs() -> list[bytes]:
    """Changes of a genuine file (place, place, difference), and files that are none."""
    changed = [b"\x01" + struct.pack(">HB", place, 1) for place in (0, 20, 60, 68, 100, 4_200)]
    return changed + [b"\x01", b"\x00", b"\x00SQLite format 3\x00" + bytes(84)]


REQUESTS = [
    "hello", "login", "chain", "statement", "boxes", "threads", "recipients", "send", "open",
    "close", "prekeys-put", "prekeys-get", "history", "sync", "receipt", "receipts", "head", "consistency",
    "inclusion", "slots", "add-slots", "/v1/enrol/begin", "/v1/enrol/finish",
]
PUT, FLIP, REFUSE, LEAVE_OUT, TWICE, EARLIER, PUSH, SILENT = range(8)
NEWCOMER, STAFF, PATIENT = range(3)


def lie(request: str, kind: int, content: bytes = b"", which: int = 0) -> bytes:
    """One record of lies.hpp: of every answer to that request, or of the `which`-th."""
    return bytes([REQUESTS.index(request), which, kind, len(content)]) + content


def refusal(code: int, details: Any) -> bytes:
    """What REFUSE reads: a code by its number, and details."""
    return bytes([code]) + cbor(details)


def answer_inputs() -> list[bytes]:
    """A lie of each kind about each kind of answer; the first byte says who hears it."""
    rate_limited, id_reused, recipients_changed, chain_moved = 21, 18, 19, 9
    waits: list[Any] = ["soon", 2**64 - 1, 0, None, [], {}]
    lies = [lie(request, REFUSE, refusal(rate_limited, {"retry_after_ms": wait}))
            for request, wait in zip(("history", "send", "sync", "open", "login", "slots"), waits)]
    lies += [
        lie("send", REFUSE, refusal(id_reused, {"seq": "x", "hash": bytes(32)})),
        lie("send", REFUSE, refusal(recipients_changed, {})),
        lie("statement", REFUSE, refusal(chain_moved, {"pos": 2**64 - 1, "hash": 1})),
        lie("hello", PUT, b"\x00\xff" + cbor([2])),
        lie("hello", FLIP, b"\x00\x10\x01"),
        lie("login", PUT, b"\x05\xff" + cbor(2**64 - 1)),
        lie("login", FLIP, b"\x00\x30\x01"),
        lie("sync", FLIP, b"\x01\x00\x80", 1),
        lie("sync", TWICE, b"\x00\x00"),
        lie("sync", LEAVE_OUT, b"\x00\x01"),
        lie("sync", PUT, b"\x03\xff" + cbor(2**64 - 1)),
        lie("history", TWICE, b"\x00\x01"),
        lie("history", LEAVE_OUT, b"\x00\x01"),
        lie("history", FLIP, b"\x02\x00\x01"),
        lie("chain", FLIP, b"\x00\x40\x01"),
        lie("chain", EARLIER, b"\x02"),
        lie("slots", PUT, b"\x00\x00\xff\x01"),
        lie("recipients", PUT, b"\x01\xff" + cbor(2**64 - 1)),
        lie("recipients", PUT, b"\x02\xff" + cbor([bytes(16)])),
        lie("prekeys-get", FLIP, b"\x00\x50\x01"),
        lie("head", PUT, b"\x00\xff" + cbor({"body": b"", "sig": bytes(64)})),
        lie("inclusion", LEAVE_OUT, b"\x00\x00"),
        lie("receipts", PUSH, cbor({"t": "bye", "code": "replaced", "retry_after_ms": "x"})),
        lie("receipts", PUSH, cbor({"t": "head", "head": {"body": bytes(4), "sig": b""}})),
        lie("history", PUSH, b"\x01\x00\x20\x01"),
        lie("open", SILENT), lie("send", SILENT),
    ]
    enrol = [lie("/v1/enrol/begin", FLIP, b"\x01\x00\x01"),
             lie("/v1/enrol/begin", LEAVE_OUT, b"\x00\x02"),
             lie("/v1/enrol/finish", REFUSE, refusal(chain_moved, {}))]
    return ([bytes([who]) for who in (NEWCOMER, STAFF, PATIENT)]
            + [bytes([STAFF + number % 2]) + item for number, item in enumerate(lies)]
            + [bytes([PATIENT - number % 2]) + item for number, item in enumerate(lies)]
            + [bytes([NEWCOMER]) + item for item in enrol])


INPUTS = {
    "cbor_scan": cbor_inputs, "frames": frame_inputs, "statement": statement_inputs,
    "chain": chain_inputs, "message": message_inputs, "content": content_inputs,
    "slots": slots_inputs, "invite_uri": invite_inputs, "signal_message": signal_inputs,
    "requests": request_inputs, "http": http_inputs, "config": config_inputs,
    "store_records": record_inputs, "store_file": file_inputs, "server_answers": answer_inputs,
}


def main() -> None:
    """Writes every input under its number; findings that were kept have names, and stay."""
    for target, inputs in INPUTS.items():
        folder = CORPUS / f"{target}_fuzz"
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("[0-9][0-9]"):
            old.unlink()
        small = [item for item in inputs() if len(item) <= INPUT_BYTES_MAX]
        for number, item in enumerate(small):
            (folder / f"{number:02}").write_bytes(item)


if __name__ == "__main__":
    main()
