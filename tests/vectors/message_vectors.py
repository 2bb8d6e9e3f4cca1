#!/usr/bin/env python3
"""Writes the vectors of messages: headers.json, slots.json, padding.json, messages.json.

An implementation of docs/protocol.md section 8 of its own: it shares no code with protocol/, only libsodium and
Python's hashlib. Run it after a change of the protocol, and never to make a failing test pass.
"""

import ctypes
import ctypes.util
import hashlib
import hmac
import json
import struct
from pathlib import Path

sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
assert sodium.sodium_init() >= 0
assert sodium.crypto_aead_aes256gcm_is_available(), "this machine has no AES instructions"
FOLDER = Path(__file__).parent


# --- CBOR, shortest forms, keys in the order of their UTF-8 bytes --------------------------------
def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for info, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if value < 1 << 8 * struct.calcsize(form):
            return bytes([major << 5 | info]) + struct.pack(form, value)
    raise ValueError(value)


def cbor(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        raw = value.encode()
        return head(3, len(raw)) + raw
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    keys = sorted(value, key=str.encode)
    return head(5, len(value)) + b"".join(cbor(key) + cbor(value[key]) for key in keys)


# --- Section 2 ------------------------------------------------------------------------------------
def wardline_hash(domain, data):
    return hashlib.sha256(domain.encode() + b"\0" + data).digest()


def derive(key, domain, info):
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, domain.encode() + b"\0" + info + b"\x01", "sha256")


def public_of(secret):
    out = ctypes.create_string_buffer(32)
    assert sodium.crypto_scalarmult_base(out, secret) == 0
    return out.raw


def sign(seed, domain, data):
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
    sodium.crypto_sign_seed_keypair(public, secret, seed)
    message = domain.encode() + b"\0" + data
    signature = ctypes.create_string_buffer(64)
    sodium.crypto_sign_detached(
        signature, None, message, ctypes.c_ulonglong(len(message)), secret
    )
    return signature.raw


def signing_key_of(seed):
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
    sodium.crypto_sign_seed_keypair(public, secret, seed)
    return public.raw


def aes_256_gcm(key, associated, plaintext):
    out = ctypes.create_string_buffer(len(plaintext) + 16)
    size = ctypes.c_ulonglong()
    sodium.crypto_aead_aes256gcm_encrypt(
        out, ctypes.byref(size), plaintext, ctypes.c_ulonglong(len(plaintext)),
        associated, ctypes.c_ulonglong(len(associated)), None, bytes(12), key,
    )
    return out.raw[: size.value]


def seal_box(secret, recipient, domain, context):
    tag = wardline_hash(domain, context)[:16]
    ephemeral = derive(secret, "wardline/1 box", recipient + tag)
    public = public_of(ephemeral)
    nonce = hashlib.blake2b(public + recipient, digest_size=24).digest()
    plaintext = tag + secret
    out = ctypes.create_string_buffer(len(plaintext) + 16)
    assert sodium.crypto_box_easy(
        out, plaintext, ctypes.c_ulonglong(len(plaintext)), nonce, recipient, ephemeral
    ) == 0
    return b"\x01" + public + out.raw


# --- Section 8 ------------------------------------------------------------------------------------
def padded_size(content_bytes):
    """Padmé of Nikitin et al., figure 3, in integers."""
    length = content_bytes + 1
    exponent = length.bit_length() - 1
    last_bits = exponent - exponent.bit_length() if exponent else 0
    mask = (1 << last_bits) - 1
    return max((length + mask) & ~mask, 64)


def pad(content):
    return content + b"\x80" + bytes(padded_size(len(content)) - len(content) - 1)


def some_bytes(label, size):
    return hashlib.shake_256(label.encode()).digest(size)


def header_map(fields):
    return {
        "v": 1,
        "incarnation": 1,
        "clinic": some_bytes("clinic", 16),
        "thread": some_bytes("thread", 16),
        "patient": "P-1042",
        "id": bytes.fromhex("018bcfe568007abc8123456789abcdef"),
        "device": some_bytes("device", 16),
        "counter": 1,
        "class": "clinical",
        "sent": 1_700_000_000_000,
        "commit": some_bytes("commit", 32),
        "prev": bytes(32),
        "clinic_head": {"pos": 7, "hash": some_bytes("clinic head", 32)},
        "patient_head": {"pos": 2, "hash": some_bytes("patient head", 32)},
        "tree": {"size": 120, "root": some_bytes("root", 32)},
    } | fields


def hexed(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: hexed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hexed(item) for item in value]
    return value


def header_vectors():
    accepted = []
    for name, fields in (
        ("an ordinary header", {}),
        ("a first message of a new thread", {"tree": {"size": 0, "root": bytes(32)}}),
        ("an internal note", {"class": "internal", "counter": 300, "prev": some_bytes("prev", 32)}),
        ("the largest numbers", {"counter": 2**64 - 1, "sent": 2**64 - 1}),
        ("the longest patient id", {"patient": "P" + "x" * 63}),
    ):
        fields = header_map(fields)
        encoded = cbor(fields)
        accepted.append({
            "name": name, "fields": fields, "encoded": encoded,
            "hash": wardline_hash("wardline/1 header", encoded),
        })
    refused = []
    for key in header_map({}):
        fields = header_map({})
        del fields[key]
        refused.append({"name": f"without {key}", "encoded": cbor(fields)})
    for name, fields in (
        ("with an unknown key", {"note": "x"}),
        ("of version 2", {"v": 2}),
        ("of incarnation 2", {"incarnation": 2}),
        ("with counter 0", {"counter": 0}),
        ("with a negative counter", {"counter": -1}),
        ("of an unknown class", {"class": "urgent"}),
        ("for a patient with a name", {"patient": "Maria Weiss"}),
        ("for no patient", {"patient": ""}),
        ("with a patient id that is too long", {"patient": "P" + "x" * 64}),
        ("with a short thread", {"thread": bytes(15)}),
        ("with a long thread", {"thread": bytes(17)}),
        ("with an id as text", {"id": "018bcfe5-6800-7abc-8123-456789abcdef"}),
        ("with a short commit", {"commit": bytes(31)}),
        ("with a short prev", {"prev": b""}),
        ("with a head without hash", {"clinic_head": {"pos": 1}}),
        ("with a head that says more", {"patient_head": {"pos": 1, "hash": bytes(32), "x": 1}}),
        ("with a tree of negative size", {"tree": {"size": -1, "root": bytes(32)}}),
        ("with a tree that is no map", {"tree": 5}),
        ("with a time as text", {"sent": "2026-01-01"}),
    ):
        refused.append({"name": name, "encoded": cbor(header_map(fields))})
    encoded = cbor(header_map({}))
    refused += [
        {"name": "nothing", "encoded": b""},
        {"name": "cut short", "encoded": encoded[:-1]},
        {"name": "with a byte behind it", "encoded": encoded + b"\0"},
        {"name": "with a number in a longer form",
         "encoded": encoded.replace(cbor("v") + b"\x01", cbor("v") + b"\x18\x01")},
        {"name": "in an array", "encoded": cbor([header_map({})])},
    ]
    return {"accepted": accepted, "refused": refused}


def readers():
    listed = []
    for to in ("team:front-desk", "device:" + some_bytes("phone", 16).hex(), "patient", "vault"):
        secret = some_bytes("secret of " + to, 32)
        reader = {"to": to, "secret": secret, "key": public_of(secret)}
        if to.startswith("team:") or to == "patient":
            reader["epoch"] = some_bytes("epoch of " + to, 32)
        listed.append(reader)
    return listed


def slot(key, header_hash, reader):
    domain = "wardline/1 vault slot" if reader["to"] == "vault" else "wardline/1 reader slot"
    made = {"to": reader["to"], "box": seal_box(key, reader["key"], domain, header_hash)}
    if "epoch" in reader:
        made["epoch"] = reader["epoch"]
    return made


def slot_vectors():
    key = some_bytes("message key", 32)
    header_hash = some_bytes("header hash", 32)
    slots = [slot(key, header_hash, reader) for reader in readers()]
    encoded = cbor(slots)
    added = cbor([{"seq": 41, "slot": slots[0]}, {"seq": 2**40, "slot": slots[2]}])
    live = wardline_hash("wardline/1 live slot", header_hash)[:18] + key
    team, device, patient, vault = slots
    refused = []
    for name, value in (
        ("no array", {"to": "vault"}),
        ("a slot that is no map", [b"x"]),
        ("a slot without box", [{"to": "vault"}]),
        ("a slot without reader", [{"box": vault["box"]}]),
        ("a short box", [vault | {"box": vault["box"][:-1]}]),
        ("a long box", [vault | {"box": vault["box"] + b"\0"}]),
        ("a vault with an epoch", [vault | {"epoch": bytes(32)}]),
        ("a device with an epoch", [device | {"epoch": bytes(32)}]),
        ("a team without epoch", [{"to": team["to"], "box": team["box"]}]),
        ("a patient without epoch", [{"to": "patient", "box": patient["box"]}]),
        ("a short epoch", [team | {"epoch": bytes(31)}]),
        ("a team without name", [team | {"to": "team:"}]),
        ("a team with a space", [team | {"to": "team:front desk"}]),
        ("a device in upper case", [device | {"to": device["to"].upper()}]),
        ("a device with 31 digits", [device | {"to": device["to"][:-1]}]),
        ("an unknown reader", [vault | {"to": "server"}]),
        ("an unknown key", [vault | {"x": 1}]),
    ):
        refused.append({"name": name, "encoded": cbor(value)})
    return {
        "key": key, "header_hash": header_hash, "readers": readers(), "encoded": encoded,
        "hash": wardline_hash("wardline/1 slots", encoded), "live_plaintext": live,
        "added": added, "refused": refused,
    }


def padding_vectors():
    sizes = [0, 1, 2, 62, 63, 64, 65, 71, 72, 127, 128, 200, 255, 256, 1000, 1023, 1024, 4095,
             9999, 65_535, 65_536, 70_000, 79_871]
    return {
        "sizes": [{"content": size, "padded": padded_size(size)} for size in sizes],
        "padded": [
            {"content": content, "padded": pad(content)}
            for content in (b"", b"x", b"\x80", bytes(5), some_bytes("content", 70))
        ],
        "refused": [
            {"name": "nothing", "padded": b""},
            {"name": "no marker", "padded": bytes(64)},
            {"name": "another marker", "padded": b"x\x81" + bytes(62)},
            {"name": "too short", "padded": b"x\x80" + bytes(61)},
            {"name": "one byte too long", "padded": b"x\x80" + bytes(63)},
            {"name": "the next size", "padded": b"x\x80" + bytes(70)},
            {"name": "a bit behind the marker", "padded": b"x\x80" + bytes(61) + b"\x01"},
        ],
    }


def message_vector(name, content, fields, message_readers):
    seed = some_bytes("signing seed", 32)
    key = some_bytes("message key of " + name, 32)
    commit = derive(key, "wardline/1 commitment", b"")
    header = cbor(header_map(fields | {"commit": commit}))
    header_hash = wardline_hash("wardline/1 header", header)
    encoded_content = cbor(content)
    cipher_key = derive(key, "wardline/1 message key", b"")
    ciphertext = aes_256_gcm(cipher_key, header, pad(encoded_content))
    slots = cbor([slot(key, header_hash, reader) for reader in message_readers])
    hashes = [
        header_hash,
        wardline_hash("wardline/1 ciphertext", ciphertext),
        wardline_hash("wardline/1 slots", slots),
    ]
    signed = b"".join(hashes)
    message = {
        "header": header, "ciphertext": ciphertext, "slots": slots,
        "signature": sign(seed, "wardline/1 message", signed),
    }
    return {
        "name": name, "signing_key": signing_key_of(seed), "key": key,
        "readers": message_readers, "content": encoded_content, "content_fields": content,
        "header_hash": hashes[0], "ciphertext_hash": hashes[1], "slots_hash": hashes[2],
        "hash": wardline_hash("wardline/1 message", signed), "encoded": cbor(message),
    }


def message_vectors():
    everyone = readers()
    staff = [reader for reader in everyone if reader["to"] != "patient"]
    of = bytes.fromhex("018bcfe568007abc8123456789abcdef")
    return [
        message_vector(
            "a text", {"v": 1, "type": "text", "text": "Is Tuesday at ten possible?"}, {}, everyone
        ),
        message_vector(
            "an internal note", {"v": 1, "type": "text", "text": "Größe: 5 µm – 測定 🩺"},
            {"class": "internal"}, staff,
        ),
        message_vector(
            "a correction",
            {"v": 1, "type": "correction", "text": "Wednesday, I meant.", "of": of},
            {"counter": 2, "prev": some_bytes("prev", 32)}, everyone,
        ),
        message_vector(
            "an empty text", {"v": 1, "type": "text", "text": ""}, {}, everyone
        ),
        message_vector(
            "a kind that this version does not know",
            {"v": 1, "type": "poll", "options": ["a", "b"]}, {}, everyone,
        ),
    ]


if __name__ == "__main__":
    for file, made in (
        ("headers", header_vectors()),
        ("slots", slot_vectors()),
        ("padding", padding_vectors()),
        ("messages", message_vectors()),
    ):
        text = json.dumps(hexed(made), indent=1, ensure_ascii=False)
        (FOLDER / f"{file}.json").write_text(text + "\n")
