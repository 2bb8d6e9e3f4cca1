"""The lines of an audit export, docs/audit.md "Formats": JSON to leaves and signed heads.

Whatever is not of that form raises one of UNREADABLE.
"""

import json
import re
from datetime import datetime, timedelta
from hashlib import sha256

import ed25519

KINDS = ("statement message added-slots login logout open close receipts expiry refusal destroyed "
         "export server strangers erasure reading").split()
SIZES = {"device": 16, "thread": 16, "hash": 32}
NUMBER = rb"([\x00-\x17]|\x18.|\x19..|\x1a.{4}|\x1b.{8})"
HEAD = (rb"\xa6\x66clinic\x50(.{16})\x6bincarnation\x01\x64root\x58\x20(.{32})\x64size" + NUMBER
        + rb"\x64time" + NUMBER + rb"\x61v\x01")
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def u64(value) -> int:
    """A number that fits 64 bits."""
    if type(value) is not int or not 0 <= value < 2**64:
        raise ValueError("not a number")
    return value


def unhex(digits: str, size: int | None = None) -> bytes:
    """The bytes of lower-case hexadecimal digits."""
    if not re.fullmatch("([0-9a-f]{2})*", digits) or size not in (None, len(digits) // 2):
        raise ValueError("not these hexadecimal digits")
    return bytes.fromhex(digits)


def millis(text: str) -> int:
    """A time as milliseconds since 1970."""
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\.[0-9]{3}Z", text):
        raise ValueError("not a time")
    return u64((datetime.fromisoformat(text[:-1]) - datetime(1970, 1, 1)) // timedelta(0, 0, 1000))


def load(line: bytes) -> dict:
    """One JSON object without a key that stands twice."""
    def unique(pairs: list) -> dict:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)
    return unique(list(json.loads(line.decode(), object_pairs_hook=unique).items()))


def cbor(value) -> bytes:
    """The one encoding of a value, docs/protocol.md section 1."""
    def head(major: int, number: int) -> bytes:
        for info, width in ((number, 0), (24, 1), (25, 2), (26, 4), (27, 8)):
            if number < (24 if width == 0 else 256**width):
                return bytes([major << 5 | info]) + (number.to_bytes(width, "big") if width else b"")
        raise ValueError("too large")
    if isinstance(value, (bytes, str)):
        raw = value if isinstance(value, bytes) else value.encode()
        return head(2 if isinstance(value, bytes) else 3, len(raw)) + raw
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(cbor(k) + cbor(value[k]) for k in sorted(value))
    return head(0, u64(value))


def leaf_of(entry: dict) -> bytes:
    """The leaf that an entry gives, whatever it says that it is."""
    if set(entry) - {"seq", "time", "kind", "leaf", "address"} not in (
            {"salt", "details"}, {"salt", "raw"}, {"erased"}):
        raise ValueError("not the keys of an entry")
    if "erased" in entry:
        hidden = unhex(entry["erased"], 32)
    else:
        raw = unhex(entry["raw"]) if "raw" in entry else cbor(
            {key: unhex(value, SIZES[key]) if key in SIZES else
             millis(value) if (entry["kind"], key) == ("strangers", "from") else value
             for key, value in entry["details"].items()})
        hidden = sha256(unhex(entry["salt"], 16) + raw).digest()
    unhex(entry["leaf"], 32)
    kind = bytes([KINDS.index(entry["kind"]) + 1])
    return sha256(b"\0" + u64(entry["seq"]).to_bytes(8, "big")
                  + millis(entry["time"]).to_bytes(8, "big") + kind + hidden).digest()


def head_of(head: dict, header: dict) -> tuple[int, bytes]:
    """Size and root of a signed tree head."""
    body = unhex(head["body"])
    found = re.fullmatch(HEAD, body, re.S)
    key, signed = unhex(header["audit_key"], 32), b"wardline/1 tree head\0" + body
    if not ed25519.verify(key, signed, unhex(head["sig"], 64)):
        raise ValueError("it is not signed by the audit key")
    if not found or found[1] != unhex(header["clinic"], 16):
        raise ValueError("it is not one of this clinic")
    return int.from_bytes(found[3][1:] or found[3], "big"), found[2]


def read_header(line: bytes, given: list[dict]) -> tuple[dict, list[bytes], list]:
    """The first line, its hashes, and size and root of the heads that were given besides."""
    header = load(line)
    names = {"wardline_audit", "clinic", "audit_key", "incarnation", "from", "to", "before",
             "complete"}
    if set(header) != names or header["wardline_audit"] != 1 or header["incarnation"] != 1:
        raise ValueError("not the first line of an export")
    parts = [unhex(item, 32) for item in header["before"]]
    before = u64(header["from"]) - 1
    if before < 0 or u64(header["to"]) < before or type(header["complete"]) is not bool or (
            header["complete"] and len(parts) != bin(before).count("1")):
        raise ValueError("the first line contradicts itself")
    for one in given:
        if (one["clinic"], one["audit_key"]) != (header["clinic"], header["audit_key"]):
            raise ValueError("a given head is of another clinic or key")
    return header, parts, sorted(head_of(one["head"], header) for one in given)
