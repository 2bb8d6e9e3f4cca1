"""The programs as processes: wardlined with its databases, and wardline as people use it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

# Limits that many clients on one address, restarted again and again, would run into.
RAISED_LIMITS = """
[limits]
handshakes_per_second = 100000
unauthenticated_per_address_max = 100000
http_per_address_per_minute = 1000000
prekey_bundles_per_minute = 1000000
logins_per_minute = 1000000
"""
START_SECONDS = 120
# Exit codes of wardlined: docs/operations.md.
DATABASE_AWAY, FILES = 4, 6
LOOK_SECONDS = 0.01


class Failure(Exception):
    """What a run found to be wrong."""


class NotRun(Exception):
    """What this machine lacks for a run: reported as such, never as passed."""


def wait_for(what: str, done, seconds: float = 60.0):
    """Looks again and again until `done()` returns something true, which is returned."""
    end = time.monotonic() + seconds
    while True:
        value = done()
        if value:
            return value
        if time.monotonic() >= end:
            raise Failure(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(LOOK_SECONDS)


def free_port() -> int:
    """A port that nobody listens on, outside of the range that connections are given."""
    start = int.from_bytes(os.urandom(2), "big")
    for offset in range(8000):
        port = 20000 + (start + offset) % 8000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failure("no free port")


def trusting_anybody() -> ssl.SSLContext:
    """For looks at a server of our own, whose certificate nobody signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def children_of(pid: int) -> list[int]:
    """The processes whose parent is `pid`."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            text = Path(f"/proc/{name}/stat").read_text(encoding="latin-1")
        except OSError:
            continue
        if int(text.rsplit(")", 1)[1].split()[1]) == pid:
            found.append(int(name))
    return found


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return False
    return text.rsplit(")", 1)[1].split()[0] != "Z"


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Sends a signal to a process that may be gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


@dataclass
class Server:
    """wardlined on a data folder, with its own databases or with given ones."""

    programs: Path
    folder: Path
    port: int
    databases: list[str] = field(default_factory=list)
    process: subprocess.Popen | None = None
    struck: bool = False  # Its databases were killed while it started.
    restarts: int = 0  # Starts that ended for that reason.

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "wardlined.log"

    def start(self, wait: bool = True) -> None:
        """Starts it, and waits until it listens."""
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "wardlined.toml"
        config.write_text(RAISED_LIMITS, encoding="utf-8")
        with open(self.log, "ab") as log:
            self._seen = log.tell()
            self.struck = False
            self.process = subprocess.Popen(
                [self.programs / "wardlined", "--config", config, "--data", self.data,
                 "--listen", f"127.0.0.1:{self.port}", *self.databases],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        if wait:
            self.wait_listening()

    def wait_listening(self) -> None:
        wait_for("the server to listen", self.listening, START_SECONDS)

    def must_live(self) -> None:
        """A server that ends by itself is a finding, except one whose databases were killed before
        it was there: that one is started again, as an init system would."""
        if self.process is None or self.process.poll() is None:
            return
        if not self.struck or self.process.returncode not in (DATABASE_AWAY, FILES):
            raise Failure(f"wardlined ended by itself: {self.last_words()}")
        self.restarts += 1
        self.start(wait=False)

    def strike(self) -> None:
        """To be called before its databases are killed."""
        self.struck = self.struck or not self.listening()

    def listening(self) -> bool:
        """Whether it took up its work since its last start."""
        self.must_live()
        with open(self.log, "rb") as log:
            log.seek(self._seen)
            return b'"listening"' in log.read()

    def last_words(self) -> str:
        return self.log.read_bytes()[-2000:].decode(errors="replace")

    def kill(self) -> None:
        """kill -9."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        """The orderly end, which has to be one."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=90)
        self.process = None
        if code != 0:
            raise Failure(f"wardlined ended with {code}: {self.last_words()}")

    def postmaster(self, cluster: str) -> int | None:
        """The process id of the cluster's postmaster, where one runs."""
        try:
            text = (self.data / "postgres" / cluster / "postmaster.pid").read_text()
            pid = int(text.split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if alive(pid) else None

    def database_processes(self) -> list[int]:
        """Both postmasters and what they started."""
        out = []
        for cluster in ("main", "keys"):
            pid = self.postmaster(cluster)
            if pid is not None:
                out += [pid, *children_of(pid)]
        return out

    def sockets(self) -> str:
        return (self.data / "postgres" / "socket-folder").read_text(encoding="utf-8").strip()

    def connection(self, cluster: str) -> str:
        """conninfo of the cluster's database."""
        if self.databases:
            given = {"main": "--database", "keys": "--key-ring"}[cluster]
            return self.databases[self.databases.index(given) + 1]
        port = {"main": 5432, "keys": 5433}[cluster]
        return f"host={self.sockets()} port={port} user=wardline dbname=wardline"

    def query(self, sql: str, cluster: str = "main") -> list[list[str]]:
        """Rows as texts, straight from the database."""
        command = ["psql", "-X", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1",
                   "-d", self.connection(cluster), "-c", sql]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"psql: {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines() if line]

    def ready(self) -> tuple[int, str]:
        """Status and text of /readyz; status 0 where nobody answers."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=5,
                                                 context=trusting_anybody())
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            return answer.status, answer.read().decode().strip()
        except OSError:
            return 0, ""
        finally:
            connection.close()


@dataclass
class Person:
    """A device with a home of its own."""

    name: str
    home: Path
    patient: str | None  # Their own id; None for staff.

    @property
    def key(self) -> Path:
        return self.home.parent / f"{self.home.name}.key"

    def command(self, program: Path, *arguments: str) -> list[str]:
        if not self.key.exists():
            self.key.touch(mode=0o600)
            self.key.write_text(os.urandom(32).hex(), encoding="utf-8")
        return [str(program), "--home", str(self.home), "--key-file", str(self.key), "--json",
                *arguments]


def run_json(command: list[str], text: str | None = None) -> dict:
    """Runs a program to its end and returns the object that it printed."""
    done = subprocess.run(command, input=text if text is not None else "", capture_output=True,
                          text=True, timeout=180)
    if done.returncode != 0:
        shown = " ".join(command[6:])
        raise Failure(f"`{shown}` ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)

