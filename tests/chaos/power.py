"""Power cuts under PostgreSQL, and the controls in which messages have to be lost."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from crew import Crew, Ledger
from disks import FaultDisk
from journal import check_journal, read_journal
from kills import Checked, check_everything
from practice import Practice
from programs import Failure, Server, kill, wait_for

PATIENTS = 4  # Of the practice; with the staff seventeen clients.
BINARIES = Path("/usr/lib/postgresql/15/bin")
UNSAFE = {
    "fsync=off": ["fsync=off"],
    # Commits wait for nobody; what the log's writer writes by the clock would hide it.
    "synchronous_commit=off": ["synchronous_commit=off", "wal_writer_delay=10s"],
}


@dataclass
class UnsafeClusters:
    """The practice's clusters, started with settings that wardlined would never use."""

    server: Server
    settings: list[str]
    sockets: Path | None = None
    processes: list[subprocess.Popen] = field(default_factory=list)

    def start(self) -> None:
        if self.sockets is None:
            self.sockets = Path(tempfile.mkdtemp(prefix="wl-sockets-", dir="/run"))
            shutil.chown(self.sockets, "postgres", "postgres")
        for name, port in (("main", 5432), ("keys", 5433)):
            folder = os.open(self.server.data / "postgres" / name, os.O_RDONLY)
            (self.server.data / "postgres" / name / "postmaster.pid").unlink(missing_ok=True)
            settings = ["listen_addresses=", f"port={port}",
                        f"unix_socket_directories={self.sockets}", *self.settings]
            command = [BINARIES / "postgres", "-D", f"/proc/self/fd/{folder}"]
            for setting in settings:
                command += ["-c", setting]
            self.processes.append(subprocess.Popen(
                command, pass_fds=(folder,), cwd="/", stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user="postgres",
                group="postgres", extra_groups=[], env={"LC_ALL": "C"}))
            os.close(folder)
            wait_for("a cluster", lambda port=port: self._answers(port), 30)
        host = f"host={self.sockets} user=wardline dbname=wardline"
        self.server.databases = ["--database", f"{host} port=5432",
                                 "--key-ring", f"{host} port=5433"]

    def _answers(self, port: int) -> bool:
        if any(process.poll() is not None for process in self.processes):
            raise Failure("a cluster does not start")
        return subprocess.run([BINARIES / "pg_isready", "-q", "-h", self.sockets, "-p", str(port)]
                              ).returncode == 0

    def kill(self) -> None:
        for process in self.processes:
            kill(process.pid)
            process.wait()
        self.processes = []

    def end(self) -> None:
        self.kill()
        if self.sockets is not None:
            shutil.rmtree(self.sockets, ignore_errors=True)


def lost(server: Server, ledger: Ledger) -> int:
    """How many acknowledged messages the database does not have where it said."""
    stored = {message_id: int(seq) for seq, message_id in server.query(
        "select m.seq, encode(m.id, 'hex') from wardline.message_ids m "
        "join wardline.entries using (clinic, seq) join wardline.payloads using (clinic, seq)")}
    return sum(1 for typed in ledger.typed.values()
               if typed.seq is not None and stored.get(typed.message_id) != typed.seq)


def cut_power(practice: Practice, disk: FaultDisk) -> None:
    """The machine goes off: disk, server and databases at once; then the power is back."""
    pids = practice.server.database_processes()
    disk.cut()
    practice.server.kill()
    for pid in pids:
        kill(pid)
    disk.take_off()


@dataclass
class Cuts:
    """What a run, or several, did and found."""

    count: int = 0
    acknowledged: int = 0
    checked: Checked = field(default_factory=Checked)

    def __add__(self, other: "Cuts") -> "Cuts":
        return Cuts(self.count + other.count, self.acknowledged + other.acknowledged,
                    self.checked + other.checked)

    def __str__(self) -> str:
        return (f"{self.count} power cuts, {self.acknowledged} acknowledged, 0 lost; "
                f"{self.checked}")


def run_cuts(practice: Practice, seed: int, count: int) -> Cuts:
    """Cuts under the databases as wardlined runs them: nothing acknowledged may be lost."""
    dice = random.Random(seed)
    patients = practice.patient_ids[:PATIENTS]
    disk = FaultDisk(practice.folder / "disk.img", practice.server.data)
    ledger = Ledger()
    crew = Crew(practice, ledger, most=240 // max(1, count // 4) if count > 4 else 230)
    try:
        disk.begin()
        practice.server.start()
        crew.add_everybody(patients)
        for number in range(1, count + 1):
            crew.run_for_acks(20)
            crew.run_for(dice.uniform(0.0, 1.0))
            cut_power(practice, disk)
            crew.run_for(0.0)
            disk.power_on()
            practice.server.start(wait=False)
            crew.run(practice.server.listening, 120, "the server to come back")
            missing = lost(practice.server, ledger)
            print(f"  {time.strftime('%H:%M:%S')} cut {number}: {crew.acks} acknowledged, "
                  f"{missing} lost", flush=True)
            if missing:
                raise Failure(f"{missing} acknowledged messages were lost by power cut {number}")
        crew.run_for_acks(20)
        crew.settle()
        _, _, checked = check_everything(practice, ledger, patients)
        practice.server.stop()
    finally:
        crew.abandon()
        practice.server.kill()
        disk.end()
    return Cuts(count, crew.acks, checked)


def run_control(practice: Practice, kind: str) -> str:
    """A cut that has to lose something, as the databases do not wait for the disk."""
    patients = practice.patient_ids[:PATIENTS]
    disk = FaultDisk(practice.folder / "disk.img", practice.server.data)
    clusters = UnsafeClusters(practice.server, UNSAFE[kind])
    ledger = Ledger()
    crew = Crew(practice, ledger)
    try:
        disk.begin()
        clusters.start()
        practice.server.start()
        crew.add_everybody(patients)
        crew.run_for_acks(60)
        cut_power(practice, disk)
        clusters.kill()
        crew.sending = False
        crew.run_for(0.1)
        crew.abandon()
        how = look_for_loss(practice, disk, clusters, ledger)
    finally:
        crew.abandon()
        practice.server.kill()
        clusters.end()
        disk.end()
    return f"control {kind}: {ledger.acknowledged()} acknowledged, {how}"


def look_for_loss(practice: Practice, disk: FaultDisk, clusters: UnsafeClusters,
                  ledger: Ledger) -> str:
    """What the control lost. It is a failure of the rig if that is nothing."""
    try:
        disk.power_on()
        clusters.start()
        practice.server.start()
    except (Failure, OSError, subprocess.CalledProcessError) as broken:
        return f"nothing of it can be read: {str(broken)[:100]}"
    missing = lost(practice.server, ledger)
    if missing == 0:
        raise Failure("the control lost nothing: this rig proves nothing")
    check_journal(read_journal(practice.server))
    return f"{missing} lost"
