"""Marked texts through the system: the server holds none of them, in any writing.

Every canary contains a mark of this run. The mark, and the secret of an invite, are looked for in
the files of both clusters, their write-ahead logs, dumps, logs, and the memory of the server and of
its databases' processes. In each of these places a control, put there on purpose, has to be found
by the same search.
"""

from __future__ import annotations

import base64
import os
import secrets
import socket
import ssl
import string
import subprocess
from dataclasses import dataclass
from pathlib import Path

from crew import Crew, Ledger
from histories import check_ledger, expect_all_stored, read_histories
from journal import cbor
from practice import Practice
from programs import Failure, NotRun, Person, Server, children_of, trusting_anybody, wait_for

CHUNK = 1 << 24
# What people write: texts, names, names of files, in sentences and alone.
FORMS = (
    "{mark}-{n}: my knee hurts again",
    "Frau {mark} Musterfrau {n}",
    "Dr. {mark} ({n}) will call you",
    "scan-{mark}-{n}.pdf",
    "file:///home/user/Befund {mark} {n}.jpg",
)


def new_mark() -> str:
    """Letters that appear nowhere by chance, of both cases, and no hexadecimal text."""
    letters = string.ascii_letters
    return "Zq" + "".join(secrets.choice(letters) for _ in range(14))


def writings(mark: str) -> dict[str, bytes]:
    """All that is looked for: the mark as it is and as somebody may have written it elsewhere."""
    raw = mark.encode()
    return {"upper case": raw.upper(), "lower case": raw.lower(),
            # Of either order of bytes: what lies between the first letter and the last.
            "utf-16": mark.encode("utf-16-le")[:-1], **writings_of_bytes(raw)}


def writings_of_bytes(raw: bytes) -> dict[str, bytes]:
    """The same of what is no text."""
    out = {"as it is": raw, "hex": raw.hex().encode(), "upper hex": raw.hex().upper().encode(),
           "backwards": raw[::-1]}
    for shift in range(3):
        # Inside of a longer text the mark may begin at any of three bits' places.
        padded = bytes(shift) + raw
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            text = encode(padded)
            # What depends on the neighbours is left out on both sides.
            out[f"{name}+{shift}"] = text[(shift * 8 + 5) // 6:len(padded) * 8 // 6]
    return out


class Search:
    """Reads places once and notes which patterns are in which of them."""

    def __init__(self, patterns: dict[str, bytes]) -> None:
        self.patterns = patterns
        self.bytes_read = 0
        self.found: dict[str, set[str]] = {}
        self._overlap = max(len(pattern) for pattern in patterns.values()) - 1
        self._shared: set[tuple[str, ...]] = set()

    def read(self, place: str, chunks) -> None:
        found = self.found.setdefault(place, set())
        rest = b""
        for chunk in chunks:
            self.bytes_read += len(chunk)
            data = rest + chunk
            found |= {name for name, pattern in self.patterns.items()
                      if name not in found and pattern in data}
            rest = data[-self._overlap:]

    def read_file(self, place: str, path: Path) -> None:
        with open(path, "rb") as file:
            self.read(place, iter(lambda: file.read(CHUNK), b""))

    def read_folder(self, folder: Path, place_of) -> None:
        for path in sorted(folder.rglob("*")):
            place = place_of(path.relative_to(folder))
            self.read(place, [path.name.encode()])  # The name counts as well.
            if path.is_file() and not path.is_symlink():
                self.read_file(place, path)

    def read_memory(self, place: str, pid: int) -> None:
        """All that the process can have written; what several share is read once."""
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
                where, rights, offset, device, inode, *_ = line.split()
                if "r" not in rights or ("w" not in rights and inode != "0"):
                    continue
                if rights[3] == "s":
                    key = (offset, device, inode, place)
                    if key in self._shared:
                        continue
                    self._shared.add(key)
                begin, end = (int(part, 16) for part in where.split("-"))
                self.read(place, region(memory, begin, end))


def region(memory, begin: int, end: int):
    """The readable bytes of a mapping."""
    while begin < end:
        try:
            memory.seek(begin)
            data = memory.read(min(CHUNK, end - begin))
        except (OSError, ValueError, OverflowError):
            return  # Kernel's pages, or gone meanwhile.
        if not data:
            return
        yield data
        begin += len(data)


@dataclass
class Places:
    """Where the server could keep something, and how a control gets there."""

    practice: Practice
    planted: str

    @property
    def server(self) -> Server:
        return self.practice.server

    def dump(self, cluster: str) -> Path:
        path = self.practice.folder / f"{cluster}.dump"
        with open(path, "wb") as out:
            subprocess.run(["pg_dump", "-d", self.server.connection(cluster)], stdout=out,
                           check=True)
        return path

    def plant_in_database(self, cluster: str) -> None:
        """A row, which lands in the log and, with a checkpoint, in the table's file."""
        for sql in (f"create table control as select '{self.planted}'::text as text",
                    "checkpoint"):
            self.server.query(sql, cluster)

    def plant_in_file(self, path: Path) -> None:
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{self.planted}\n")

    def plant_in_server(self) -> ssl.SSLSocket:
        """A request that is not complete: the server has to keep it while the connection lives."""
        raw = socket.create_connection(("127.0.0.1", self.server.port))
        held = trusting_anybody().wrap_socket(raw)
        held.sendall(f"POST /v1/setup/info HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n"
                     f"{self.planted * 20}".encode())
        return held

    def plant_in_backend(self, cluster: str) -> subprocess.Popen:
        """A session that has it in a setting."""
        session = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-d", self.server.connection(cluster)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        session.stdin.write(f"set wardline_control.text = '{self.planted}';\nselect 'planted';\n")
        session.stdin.flush()
        if session.stdout.readline().strip() != "planted":
            raise Failure("the control could not be planted in a backend")
        return session


def place_of(path: Path) -> str:
    """What a file of the data folder is."""
    parts = path.parts
    if parts[:1] != ("postgres",) or len(parts) < 2:
        return "keys, certificate and tokens"
    if parts[1] in ("main.log", "keys.log"):
        return f"log of {parts[1][:-4]}"
    if parts[1] not in ("main", "keys"):
        return "keys, certificate and tokens"
    return f"{'WAL' if 'pg_wal' in parts else 'files'} of {parts[1]}"


def read_memories(server: Server, search: Search) -> None:
    search.read_memory("memory of the server", server.process.pid)
    for cluster in ("main", "keys"):
        postmaster = server.postmaster(cluster)
        for pid in [postmaster, *children_of(postmaster)]:
            try:
                search.read_memory(f"memory of {cluster}", pid)
            except FileNotFoundError:
                continue  # A backend that has ended meanwhile.


def read_everything(places: Places, search: Search) -> None:
    """Every place. The server runs."""
    server = places.server
    read_memories(server, search)
    for cluster in ("main", "keys"):
        server.query("checkpoint", cluster)
        search.read_file(f"dump of {cluster}", places.dump(cluster))
    search.read_folder(server.data, place_of)
    search.read_file("log of the server", server.log)


def must_be_clean(search: Search) -> None:
    bad = {place: names - {"control"} for place, names in search.found.items()
           if names - {"control"}}
    if bad:
        raise Failure(f"the server holds what it must not: {bad}")


def send_canaries(practice: Practice, ledger: Ledger, mark: str, count: int) -> Crew:
    """Real clients write and read; the texts take all forms."""
    patients = practice.patient_ids[:4]
    numbers = iter(range(count))

    def words(_: str) -> str:
        n = next(numbers)
        return FORMS[n % len(FORMS)].format(mark=mark, n=n) + f" {mark}"

    crew = Crew(practice, ledger, pause=0.02, words=words)
    crew.add_everybody(patients)
    for number, client in enumerate(crew.clients):
        client.most = count // len(crew.clients) + (1 if number < count % len(crew.clients) else 0)
    crew.run(crew.exhausted, 300, "all canaries to be sent")
    return crew


def plant(places: Places) -> tuple[ssl.SSLSocket, list[subprocess.Popen]]:
    """A control in every place; two of them live as long as what is returned."""
    server = places.server
    held = places.plant_in_server()
    sessions = []
    for cluster in ("main", "keys"):
        places.plant_in_database(cluster)
        sessions.append(places.plant_in_backend(cluster))
        places.plant_in_file(server.data / "postgres" / f"{cluster}.log")
    places.plant_in_file(server.log)
    places.plant_in_file(server.data / "setup-tokens" / "control")

    def arrived() -> bool:
        control = Search({"control": places.planted.encode()})
        control.read_memory("memory", server.process.pid)
        return bool(control.found["memory"])

    wait_for("the control in the server's memory", arrived, 30)
    return held, sessions


def enrol_another(practice: Practice) -> bytes:
    """A further device of a patient. The secret of its invite, of which the server sees nothing."""
    first = practice.patients[0]
    uri = practice.wardline(first, "device", "add")["uri"]
    coded = uri.removeprefix("wardline:")
    secret = cbor(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))[0]["k"]
    practice.wardline(Person("further", first.home.with_name("further"), first.patient),
                      "enrol", uri)
    return secret


def check_search(patterns: dict[str, bytes], mark: str) -> None:
    """The search sees what spans two chunks, and texts inside of encoded ones."""
    text = f"before {mark} behind".encode()
    for data in (text, text.upper(), text.hex().encode(), mark.encode("utf-16-le"),
                 mark.encode("utf-16-be"),
                 *(base64.b64encode(bytes(n) + text) for n in range(3))):
        search = Search(patterns)
        half = len(data) // 2
        search.read("test", [data[:half], data[half:]])
        if not search.found["test"]:
            raise Failure(f"the search does not find {data!r}")


def run_canaries(practice: Practice, count: int) -> str:
    """None of the canaries is found where the server keeps anything; every control is."""
    if os.geteuid() != 0:
        raise NotRun("it needs root, to read the memory of the server")
    mark, planted = new_mark(), new_mark()
    patterns = writings(mark)
    check_search(patterns, mark)
    ledger = Ledger()
    crew: Crew | None = None
    sessions: list[subprocess.Popen] = []
    held: ssl.SSLSocket | None = None
    server = practice.server
    try:
        server.start()
        secret = enrol_another(practice)
        patterns |= {f"invite secret, {name}": pattern
                     for name, pattern in writings_of_bytes(secret).items()}
        crew = send_canaries(practice, ledger, mark, count)
        if len(ledger.typed) != count or ledger.acknowledged() != count:
            raise Failure(f"{ledger.acknowledged()} of {count} canaries were acknowledged")
        # What was just sent is as fresh as can be, and all clients are connected.
        fresh = Search(patterns)
        read_memories(server, fresh)
        must_be_clean(fresh)
        crew.settle()
        histories = read_histories(practice, practice.patient_ids[:4])
        check_ledger(histories, ledger)
        expect_all_stored(histories, ledger)
        places = Places(practice, planted)
        held, sessions = plant(places)
        search = Search({**patterns, "control": planted.encode()})
        read_everything(places, search)
        must_be_clean(search)
        without = [place for place, names in search.found.items() if "control" not in names]
        if without:
            raise Failure(f"the control was not found in {without}: the search proves nothing")
    finally:
        for session in sessions:
            session.kill()
            session.wait()
        if held is not None:
            held.close()
        if crew is not None:
            crew.abandon()
        server.kill()
    return (f"{count} canaries and the secret of an invite in {len(patterns)} writings, "
            f"{len(search.found)} places, {(fresh.bytes_read + search.bytes_read) >> 20} MiB: none "
            f"found, and the control in every place")
