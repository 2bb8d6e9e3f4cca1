#!/usr/bin/env python3
"""Shows a conversation beside what the server holds of it. Part of deploy/quickstart.sh.

    quickstart-holdings.py SERVER-FOLDER < messages.json

The left side is what a person's device shows (`wardline read --json`), the right side the rows of
the server's database, read through its private socket.
"""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROWS = """
select e.seq, e.time, encode(d.details, 'hex'), octet_length(p.wrapped),
       encode(substr(p.wrapped, 1, 18), 'hex')
from wardline.entries e
left join wardline.entry_details d using (clinic, seq)
left join wardline.payloads p using (clinic, seq)
where e.kind = 2
order by e.seq
"""


def query(folder, sql):
    sockets = (folder / "postgres" / "socket-folder").read_text(encoding="utf-8").strip()
    environment = dict(os.environ, PGOPTIONS="-c default_transaction_read_only=on")
    command = ["psql", "-X", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", sockets,
               "-p", "5432", "-U", "wardline", "-d", "wardline", "-c", sql]
    result = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return [line.split("\t") for line in result.stdout.splitlines() if line]


def cbor(data, at=0):
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


def visible(text):
    return "".join(c if c.isprintable() or c == " " else "\N{REPLACEMENT CHARACTER}" for c in text)


def held(row):
    """What the server knows of one message, line by line."""
    if row is None:
        return ["nothing any more"]
    details = cbor(bytes.fromhex(row[2]))[0] if row[2] else {}
    lines = [f"{details.get('actor', '?')} wrote {details.get('class', '?')}, "
             f"patient {details.get('patient', '?')}"]
    if not row[3]:
        return lines + ["content: gone"]
    return lines + [f"content: {row[3]} bytes, encrypted:", f"{row[4]}..."]


# Shorter ones, such as "second", may stand in PostgreSQL's own files.
LOOKED_FOR_FROM_BYTES = 16


def found_in(path, texts):
    try:
        data = path.read_bytes()
    except FileNotFoundError:  # The server deletes files while we look.
        return []
    return [(path, text) for text in texts if text.encode() in data]


def main():
    folder = Path(sys.argv[1])
    messages = json.load(sys.stdin)["messages"]
    rows = {int(row[0]): row for row in query(folder, ROWS)}
    left_width = max(30, min(54, shutil.get_terminal_size((104, 24)).columns - 50))
    print(f"{'On the devices':<{left_width}}  In the server's database")
    print(f"{'-' * left_width}  {'-' * 46}")
    texts = []
    for message in messages:
        text = visible(message["text"] or f"({message['state']})")
        texts.append(message["text"] or "")
        left = textwrap.wrap(f"{message['author']}: {text}", left_width) or [""]
        right = held(rows.get(message["seq"]))
        right[0] = f"#{message['seq']} {right[0]}"
        for index in range(max(len(left), len(right))):
            line = left[index] if index < len(left) else ""
            print(f"{line:<{left_width}}  {right[index] if index < len(right) else ''}".rstrip())
        print()
    long_enough = [text for text in texts if len(text.encode()) >= LOOKED_FOR_FROM_BYTES]
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = [hit for path in files for hit in found_in(path, long_enough)]
    print(f"Looked for the {len(long_enough)} texts of at least {LOOKED_FOR_FROM_BYTES} bytes in "
          f"all {len(files)} files of {folder}: {len(found) or 'none'} found.")
    for path, text in found:
        print(f"FOUND in {path}: {visible(text)}")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
