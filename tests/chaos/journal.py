"""The journal, read from the database and judged by docs/protocol.md alone.

Nothing of the product's code is used here: hashes, tree, chains and the signed head are computed
anew from the rows.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from programs import Failure, Server

STATEMENT, MESSAGE = 1, 2
TILE = 256


def cbor(data: bytes, at: int = 0):
    """The item at `at` and where it ends: the profile of docs/protocol.md section 1."""
    major, small = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        return {20: False, 21: True, 22: None}[small], at
    if small >= 24:
        width = 1 << (small - 24)
        small, at = int.from_bytes(data[at:at + width], "big"), at + width
    if major == 0:
        return small, at
    if major == 1:
        return -1 - small, at
    if major in (2, 3):
        value = data[at:at + small]
        return (value if major == 2 else value.decode()), at + small
    items = []
    for _ in range(small if major == 4 else 2 * small):
        item, at = cbor(data, at)
        items.append(item)
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), at


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(hashes: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, over hashes of leaves."""
    if not hashes:
        return sha256()
    # A complete subtree for each bit of the size, joined from the right.
    stack: list[tuple[int, bytes]] = []
    for leaf in hashes:
        height, node = 0, leaf
        while stack and stack[-1][0] == height:
            node = sha256(b"\x01", stack.pop()[1], node)
            height += 1
        stack.append((height, node))
    node = stack.pop()[1]
    while stack:
        node = sha256(b"\x01", stack.pop()[1], node)
    return node


def is_signed(key: bytes, domain: str, message: bytes, signature: bytes) -> bool:
    """Ed25519 over the domain and the message, by openssl."""
    with tempfile.TemporaryDirectory() as folder:
        der, text, sig = (Path(folder) / name for name in ("key", "text", "sig"))
        der.write_bytes(bytes.fromhex("302a300506032b6570032100") + key)
        text.write_bytes(domain.encode() + b"\0" + message)
        sig.write_bytes(signature)
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", der,
             "-rawin", "-in", text, "-sigfile", sig], capture_output=True)
        return done.returncode == 0


@dataclass
class Entry:
    """A row of the journal with its details."""

    time: int
    kind: int
    leaf: bytes
    salt: bytes
    details: bytes

    @property
    def facts(self) -> dict:
        return cbor(self.details)[0]


@dataclass
class Journal:
    """Everything that is checked, as it stands in the two databases."""

    seq: int
    body: bytes
    signature: bytes
    entries: dict[int, Entry]
    statements: dict[int, tuple[str, int, bytes, bytes]]  # seq: chain, pos, hash, statement
    messages: list[tuple[int, str, str]]  # Of message_ids: seq, device, hash
    counters: dict[tuple[str, str, int], int]
    payloads: list[tuple[int, int]]  # seq, unit
    units: dict[int, tuple[int, int]]  # unit: key number, state
    tiles: dict[tuple[int, int], tuple[bytes, bytes]]
    keys: set[int]

    def message_entries(self) -> dict[int, Entry]:
        return {seq: entry for seq, entry in self.entries.items() if entry.kind == MESSAGE}

    def seqs_of_thread(self, thread: str) -> list[int]:
        return [seq for seq, entry in sorted(self.message_entries().items())
                if entry.facts["thread"].hex() == thread]


def read_journal(server: Server) -> Journal:
    """One look at the databases of a server at rest."""
    head = server.query(
        "select seq, encode(body, 'hex'), encode(sig, 'hex') from wardline.heads")[0]
    entries = {
        int(seq): Entry(int(time), int(kind), bytes.fromhex(leaf), bytes.fromhex(salt),
                        bytes.fromhex(details))
        for seq, time, kind, leaf, salt, details in server.query(
            "select seq, time, kind, encode(leaf, 'hex'), encode(salt, 'hex'), "
            "encode(details, 'hex') from wardline.entries left join wardline.entry_details "
            "using (clinic, seq) order by seq")}
    return Journal(
        int(head[0]), bytes.fromhex(head[1]), bytes.fromhex(head[2]), entries,
        {int(seq): (chain, int(pos), bytes.fromhex(hash_), bytes.fromhex(statement))
         for seq, chain, pos, hash_, statement in server.query(
             "select seq, chain, pos, encode(hash, 'hex'), encode(statement, 'hex') "
             "from wardline.statements order by chain, pos")},
        [(int(seq), device, hash_) for seq, device, hash_ in server.query(
            "select seq, encode(device, 'hex'), encode(hash, 'hex') from wardline.message_ids")],
        {(device, thread, int(audience)): int(counter)
         for device, thread, audience, counter in server.query(
             "select encode(device, 'hex'), encode(thread, 'hex'), audience, counter "
             "from wardline.counters")},
        [(int(seq), int(unit)) for seq, unit in server.query(
            "select seq, unit from wardline.payloads where kind = 2")],
        {int(unit): (int(key), int(state)) for unit, key, state in server.query(
            "select unit, key_number, state from wardline.units")},
        {(int(level), int(index)): (bytes.fromhex(root), bytes.fromhex(hashes))
         for level, index, root, hashes in server.query(
             "select level, index, encode(root, 'hex'), encode(hashes, 'hex') "
             "from wardline.tiles")},
        {int(row[0]) for row in server.query("select number from wardline.keys", "keys")})


def expect(condition: bool, sentence: str) -> None:
    if not condition:
        raise Failure(sentence)


def check_tree(journal: Journal) -> None:
    """Gapless numbers, every leaf from its details, the root from the leaves, the signed head."""
    expect(list(journal.entries) == list(range(1, journal.seq + 1)),
           f"the journal's numbers are not 1 to {journal.seq}")
    leaves, before = [], 0
    for seq, entry in journal.entries.items():
        expect(entry.time >= before, f"time goes back at entry {seq}")
        before = entry.time
        leaf = sha256(b"\0", seq.to_bytes(8, "big"), entry.time.to_bytes(8, "big"),
                      bytes([entry.kind]), sha256(entry.salt, entry.details))
        expect(leaf == entry.leaf, f"the leaf of entry {seq} is not that of its details")
        leaves.append(leaf)
    head = cbor(journal.body)[0]
    expect(head["size"] == journal.seq, f"the signed head has {head['size']} entries")
    expect(head["root"] == root_of(leaves), "the signed root is not that of the leaves")
    for number in range(journal.seq // TILE):
        part = leaves[number * TILE:(number + 1) * TILE]
        expect(journal.tiles.get((0, number)) == (root_of(part), b"".join(part)),
               f"tile {number} of the tree is missing or wrong")
    genesis = next(statement for chain, pos, _, statement in journal.statements.values()
                   if (chain, pos) == ("clinic", 0))
    data = cbor(cbor(genesis)[0]["body"])[0]
    expect(head["clinic"] == data["clinic"], "the signed head is another clinic's")
    expect(is_signed(data["data"]["audit"], "wardline/1 tree head", journal.body,
                     journal.signature), "the head's signature is wrong")


def check_chains(journal: Journal) -> None:
    """Positions without gaps, each linked to the one before, each in its entry."""
    newest: dict[str, tuple[int, bytes]] = {}
    for seq, (chain, pos, hash_, statement) in journal.statements.items():
        body = cbor(statement)[0]["body"]
        facts = cbor(body)[0]
        before = newest.get(chain, (-1, bytes(32)))
        expect(pos == before[0] + 1 == facts["pos"], f"{chain} has a gap before {pos}")
        expect(facts["prev"] == before[1], f"{chain} {pos} does not follow what stands before it")
        expect(hash_ == sha256(b"wardline/1 statement\0", body), f"{chain} {pos} has another hash")
        entry = journal.entries.get(seq)
        expect(entry is not None and entry.kind == STATEMENT and entry.facts["hash"] == hash_,
               f"{chain} {pos} is not in its entry")
        newest[chain] = (pos, hash_)
    entries = {seq for seq, entry in journal.entries.items() if entry.kind == STATEMENT}
    expect(entries == set(journal.statements), "a statement's entry has no statement")


def check_messages(journal: Journal) -> None:
    """Each message once, with its payload, its key and its counter."""
    entries = journal.message_entries()
    by_seq = {seq: (device, hash_) for seq, device, hash_ in journal.messages}
    expect(len(by_seq) == len(journal.messages) and set(by_seq) == set(entries),
           "message ids and message entries are not one to one")
    counted: Counter = Counter()
    for seq, entry in entries.items():
        facts = entry.facts
        expect(by_seq[seq] == (facts["device"].hex(), facts["hash"].hex()),
               f"entry {seq} is not the message that its id names")
        audience = 1 if facts["class"] == "internal" else 0
        counted[facts["device"].hex(), facts["thread"].hex(), audience] += 1
    expect(len({hash_ for _, hash_ in by_seq.values()}) == len(by_seq), "a message stands twice")
    expect(dict(counted) == journal.counters, "counters do not count the messages")
    expect(sorted(seq for seq, _ in journal.payloads) == sorted(entries),
           "messages and payloads are not one to one")
    for seq, unit in journal.payloads:
        key, state = journal.units.get(unit, (0, -1))
        expect(state == 0, f"the payload of entry {seq} has no live unit")
        expect(key in journal.keys, f"the key of entry {seq} is not in the key ring")


def check_journal(journal: Journal) -> None:
    check_tree(journal)
    check_chains(journal)
    check_messages(journal)
