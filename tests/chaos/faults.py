"""Faults that are no deaths: a full disk, a database that is silent, a disk that fails to sync."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from crew import Crew, Ledger
from disks import SmallDisk
from kills import check_everything
from practice import Practice
from programs import Failure, NotRun, children_of, kill

PATIENTS = 4  # Of the practice; with the staff seventeen clients.
DISK_MEBIBYTES = 450
RESERVE_MEBIBYTES = 128  # Of the server: docs/operations.md.
FROZEN_SECONDS = 8.0


def crew_of(practice: Practice, ledger: Ledger) -> tuple[Crew, list[str]]:
    patients = practice.patient_ids[:PATIENTS]
    crew = Crew(practice, ledger)
    crew.add_everybody(patients)
    return crew, patients


def commits_nothing(crew: Crew, seconds: float) -> None:
    """What is under way may still be answered; then nothing is."""
    crew.run_for(seconds)
    before = crew.acks
    crew.run_for(1.0)
    if crew.acks != before:
        raise Failure("messages were acknowledged that could not be stored")


def room_again(practice: Practice, crew: Crew, ballast: Path, pid: int) -> float:
    """What fills the disk goes; the same server goes on. The seconds until it does."""
    ballast.unlink()
    began = time.monotonic()
    crew.run_for_acks(40)
    if practice.server.process.pid != pid:
        raise Failure("the server was started again")
    return time.monotonic() - began


def run_disk_full(practice: Practice) -> str:
    """First only the reserve is left: no messages, but all else. Then nothing is, and PostgreSQL
    dies of it. Each time messages go on, without a restart, as soon as there is room."""
    server = practice.server
    disk = SmallDisk(practice.folder / "disk.img", server.data, DISK_MEBIBYTES)
    ledger = Ledger()
    crew: Crew | None = None
    try:
        disk.begin()
        server.start()
        pid = server.process.pid
        crew, patients = crew_of(practice, ledger)
        crew.run_for_acks(40)

        ballast = disk.fill(but_mebibytes=RESERVE_MEBIBYTES // 2)
        crew.run(lambda: server.ready() == (503, "the disk is full"), 30, "the server to notice")
        commits_nothing(crew, 1.0)
        practice.admin("staff", "invite", "late", "--role", "clinician")
        # A reader who is no sender: reading goes on.
        other = next(person for person in practice.patients if person.patient not in patients)
        practice.wardline(other, "read")
        reserve = room_again(practice, crew, ballast, pid)

        ballast = disk.fill()
        server.query("select pg_switch_wal()")
        log = server.data / "postgres" / "main.log"
        crew.run(lambda: b"PANIC" in log.read_bytes(), 60, "PostgreSQL to die of its full disk")
        commits_nothing(crew, 0.0)
        if server.ready() != (503, "the disk is full"):
            raise Failure(f"/readyz says {server.ready()}")
        full = room_again(practice, crew, ballast, pid)
        crew.settle()
        _, _, checked = check_everything(practice, ledger, patients)
        server.stop()
    finally:
        if crew is not None:
            crew.abandon()
        server.kill()
        disk.end()
    return (f"full disk: messages again after {reserve:.1f} s with the reserve left, after "
            f"{full:.1f} s with nothing left; {checked}")


def run_frozen(practice: Practice) -> str:
    """The database stops (SIGSTOP) and goes on later: nobody waits for ever, nothing is lost."""
    ledger = Ledger()
    crew: Crew | None = None
    stopped: list[int] = []
    try:
        practice.server.start()
        crew, patients = crew_of(practice, ledger)
        crew.run_for_acks(40)
        main = practice.server.postmaster("main")
        stopped = [main, *children_of(main)]
        for pid in stopped:
            kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        crew.run(lambda: practice.server.ready()[0] == 503, 30, "the server to notice")
        noticed = time.monotonic() - began
        crew.run_for(max(0.0, FROZEN_SECONDS - noticed))
        commits_nothing(crew, 0.0)
        for pid in stopped:
            kill(pid, signal.SIGCONT)
        stopped = []
        silence = crew.run_for_acks(40)
        crew.settle()
        _, _, checked = check_everything(practice, ledger, patients)
        practice.server.stop()
    finally:
        for pid in stopped:
            kill(pid, signal.SIGCONT)
        if crew is not None:
            crew.abandon()
        practice.server.kill()
    return (f"frozen database: noticed after {noticed:.1f} s, silent for {silence:.1f} s; "
            f"{checked}")


def can_trace() -> None:
    if os.geteuid() != 0:
        raise NotRun("it needs root, to trace the database")
    if shutil.which("strace") is None:
        raise NotRun("not installed: strace")


def run_sync_error(practice: Practice) -> str:
    """The log of the database cannot be synced to disk: it panics, recovers, and loses nothing."""
    can_trace()
    ledger = Ledger()
    crew: Crew | None = None
    tracer: subprocess.Popen | None = None
    log = practice.server.data / "postgres" / "main.log"
    try:
        practice.server.start()
        crew, patients = crew_of(practice, ledger)
        crew.run_for_acks(40)
        main = practice.server.postmaster("main")
        pids = [main, *children_of(main)]
        tracer = subprocess.Popen(
            ["strace", "-f", "-q", "-o", "/dev/null", "-e", "trace=fdatasync,fsync",
             "-e", "inject=fdatasync,fsync:error=EIO",
             *[part for pid in pids for part in ("-p", str(pid))]],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        crew.run(lambda: b"PANIC" in log.read_bytes(), 60, "the database to panic")
        tracer.terminate()
        tracer.wait()
        silence = crew.run_for_acks(40)
        panics = log.read_bytes().count(b"PANIC")
        crew.settle()
        _, _, checked = check_everything(practice, ledger, patients)
        practice.server.stop()
    finally:
        if tracer is not None:
            tracer.kill()
            tracer.wait()
        if crew is not None:
            crew.abandon()
        practice.server.kill()
    return f"sync error: {panics} panics, silent for {silence:.1f} s; {checked}"
