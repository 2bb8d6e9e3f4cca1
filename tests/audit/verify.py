#!/usr/bin/env python3
"""Verifies an export of the audit trail: verify.py FILE [--head FILE-OF-WITNESSED-HEADS]

Written from docs/audit.md alone. Prints "sound", or the first defect as "FROM TO what".
"""

import sys
from hashlib import sha256

from trail_format import UNREADABLE, head_of, leaf_of, load, millis, read_header, unhex

class Bad(Exception):
    """A defect: the first and last entry that it can be about, and what it is."""


def need(holds: bool, first: int, last: int, what: str) -> None:
    if not holds:
        raise Bad(first, last, what)


def append(parts: list[bytes], size: int, node: bytes) -> None:
    """Adds a leaf to the roots of the perfect subtrees of a tree of that size."""
    while size & 1:
        node, size = sha256(b"\1" + parts.pop() + node).digest(), size >> 1
    parts.append(node)


def root_of(parts: list[bytes]) -> bytes:
    root = parts[-1] if parts else sha256().digest()
    for part in reversed(parts[:-1]):
        root = sha256(b"\1" + part + root).digest()
    return root


def check_erased(erased: list[int], acts: list[dict]) -> None:
    """Each erased entry takes a place of the decision that ends first, or needs none."""
    bare = []
    for seq in erased:
        able = [act for act in acts if act["from"] <= seq <= act["to"]]
        if not any(act["act"] == "retention" for act in able):
            able = [act for act in able if act["count"] > 0]
            if able:
                min(able, key=lambda act: act["to"])["count"] -= 1
            else:
                bare.append(seq)
    run = [seq for index, seq in enumerate(bare) if seq == bare[0] + index]
    need(not run, *run[:1] or [0], *run[-1:] or [0], "details are missing without an erasure")


def verify(data: bytes, given: list[dict]) -> None:
    """Raises Bad for the first defect."""
    lines = data.removesuffix(b"\n").split(b"\n")
    try:
        header, parts, witnessed = read_header(lines[0], given)
    except UNREADABLE as error:
        raise Bad(0, 0, f"line 1: {error}") from error
    whole, end = header["complete"], header["to"]
    last = covered = met = header["from"] - 1
    witnessed = [one for one in witnessed if whole and one[0] >= last]
    heads, time, erased, acts = 0, 0, [], []

    def meet_witnesses() -> None:
        nonlocal met
        while witnessed and witnessed[0][0] <= last:
            met, first, root = witnessed[0][0], met + 1, witnessed.pop(0)[1]
            need(root == root_of(parts), first, met, "not what a given head was signed for")

    for number, line in enumerate(lines[1:], 2):
        try:
            value = load(line)
            leaf = None if set(value) == {"head"} else leaf_of(value)
            if leaf is None and set(value["head"]) != {"body", "sig"}:
                raise ValueError("not the keys of a head")
            if leaf is None:
                unhex(value["head"]["body"]), unhex(value["head"]["sig"], 64)
        except UNREADABLE as error:
            raise Bad(last + 1, last + 1, f"line {number}: {error}") from error
        if leaf is None:
            try:
                size, root = head_of(value["head"], header)
            except ValueError as error:
                raise Bad(last, last, f"the head in line {number}: {error}") from error
            need(size > covered or heads == 0 == size - covered, size, size, "a head out of place")
            if whole:
                need(size >= last, size, size, "its head stands behind a later entry")
                need(size <= last, last + 1, size, "missing, though a head covers them")
                need(root == root_of(parts), covered + 1, size, "do not give the signed root")
            covered, heads = size, heads + 1
            continue
        meet_witnesses()
        seq = value["seq"]
        need(seq > last, seq, seq, "stands behind a later one")
        need(seq == last + 1 or not whole, last + 1, seq - 1, "missing")
        need(seq <= end, seq, seq, "stands behind the last that the first line names")
        need(leaf.hex() == value["leaf"], seq, seq, "changed")
        need(millis(value["time"]) >= time, seq, seq, "its time is before that of the one before")
        append(parts, last, leaf)
        last, time = seq, millis(value["time"])
        if "erased" in value:
            erased.append(seq)
        elif value["kind"] == "erasure" and "details" in value:
            acts.append(value["details"] | {"to": min(value["details"]["to"], seq - 1)})
    meet_witnesses()
    if whole:
        need(last >= end, last + 1, end, "missing at the end")
        need(covered >= last, covered + 1, last, "no head covers them")
        need(not witnessed, last + 1, witnessed[-1][0] if witnessed else 0, "missing at the end")
        check_erased(erased, acts)


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 3) or arguments[1:2] not in ([], ["--head"]):
        print(__doc__)
        return 2
    with open(arguments[0], "rb") as file:
        data = file.read()
    given: list[dict] = []
    if len(arguments) == 3:
        with open(arguments[2], "rb") as file:
            given = [load(line) for line in file]
    try:
        verify(data, given)
        print("sound")
        return 0
    except Bad as bad:
        print(*bad.args)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
