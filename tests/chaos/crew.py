"""Clients that send without end, each a `wardline chat` process of its own, and what they saw."""

from __future__ import annotations

import json
import os
import random
import selectors
import subprocess
import time
from dataclasses import dataclass, field

from practice import Practice
from programs import Failure, Person

SILENCE_SECONDS = 150.0  # So long a text may wait for its acknowledgement, whatever was killed.
END_SECONDS = 90.0
# Errors that a client may meet while the server or its database is away.
AWAY = {"unreachable", "unavailable", "shutting_down", "rate_limited", "read_only"}


@dataclass
class Typed:
    """A text that was given to a client, and what became of it."""

    text: str
    sender: str
    patient: str
    seq: int | None = None  # Set by the acknowledgement.
    message_id: str | None = None
    queued: bool = False  # It was kept on the device at first.
    orphaned: bool = False  # Its client was killed before it was acknowledged.


@dataclass
class Sighting:
    """A message that a client showed while it ran."""

    viewer: str
    message_id: str
    seq: int
    text: str


@dataclass
class Ledger:
    """What was typed, acknowledged and seen."""

    typed: dict[str, Typed] = field(default_factory=dict)
    sightings: list[Sighting] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def acknowledged(self) -> int:
        return sum(1 for typed in self.typed.values() if typed.seq is not None)

    def open(self) -> list[Typed]:
        return [typed for typed in self.typed.values() if typed.seq is None]


class Client:
    """One process on one home, which types its next text when the last one was acknowledged."""

    def __init__(self, crew: "Crew", person: Person, patient: str) -> None:
        self.crew = crew
        self.person = person
        self.patient = patient
        self.process: subprocess.Popen | None = None
        self.waiting: Typed | None = None
        self.ending = False
        self.since = 0.0
        self.next_at = 0.0
        self.count = 0
        self.most = crew.most
        self.rest = {"out": b"", "err": b""}

    def start(self) -> None:
        arguments = ["chat"] if self.person.patient else ["chat", self.patient]
        command = self.person.command(self.crew.practice.programs / "wardline", *arguments)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)
        self.rest = {"out": b"", "err": b""}
        for name, pipe in (("out", self.process.stdout), ("err", self.process.stderr)):
            os.set_blocking(pipe.fileno(), False)
            self.crew.selector.register(pipe, selectors.EVENT_READ, (self, name))
        self.waiting = None

    def _forget(self) -> None:
        for pipe in (self.process.stdout, self.process.stderr):
            self.crew.selector.unregister(pipe)
            pipe.close()
        self.process.stdin.close()
        self.process.wait()
        self.process = None

    def kill(self) -> None:
        """kill -9; what it had shown until then counts, the rest of a line does not."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        for name, pipe in (("out", self.process.stdout), ("err", self.process.stderr)):
            self.read(name, pipe, ended=True)
        self._forget()
        if self.waiting is not None:
            self.waiting.orphaned = True

    def stop(self) -> None:
        """Begins the orderly end."""
        if self.process is not None:
            self.ending = True
            self.process.terminate()

    def type_next(self) -> None:
        self.count += 1
        text = f"{self.person.name} {self.count} {self.crew.mark}"
        if self.crew.words is not None:
            text = self.crew.words(text)
        typed = Typed(text, self.person.name, self.patient)
        self.crew.ledger.typed[text] = typed
        self.waiting = typed
        self.since = time.monotonic()
        try:
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # Its end is noticed where its output ends.

    def read(self, name: str, pipe, ended: bool = False) -> None:
        while True:
            try:
                got = os.read(pipe.fileno(), 65536)
            except BlockingIOError:
                return
            if not got:
                if not ended and name == "out":
                    self._ended()
                return
            lines = (self.rest[name] + got).split(b"\n")
            self.rest[name] = lines.pop()
            for line in lines:
                if name == "out":
                    self.on_message(json.loads(line))
                else:
                    self.on_error(line)

    def _ended(self) -> None:
        code = self.process.wait()
        self.read("err", self.process.stderr, ended=True)
        if not self.ending or code != 0:
            raise Failure(f"{self.person.name} ended by itself with {code}: "
                          f"{self.crew.last_error}")
        self._forget()

    def on_message(self, shown: dict) -> None:
        if shown.get("event") == "alarm":
            raise Failure(f"{self.person.name} raised an alarm: {shown['text']}")
        if "message_id" not in shown or shown["state"] == "notice":
            return
        if shown["state"] in ("refused", "expired"):
            raise Failure(f"{self.person.name} was shown {shown}")
        typed = self.crew.ledger.typed.get(shown["text"])
        if typed is None:
            raise Failure(f"{self.person.name} was shown what nobody wrote: {shown}")
        if shown["seq"] is None:
            typed.queued = True
            return
        self.crew.ledger.sightings.append(
            Sighting(self.person.name, shown["message_id"], shown["seq"], shown["text"]))
        if typed.sender != self.person.name or typed.seq is not None:
            return
        typed.seq = shown["seq"]
        typed.message_id = shown["message_id"]
        self.crew.note_ack()
        if self.waiting is typed:
            self.waiting = None
            self.next_at = time.monotonic() + self.crew.pause * random.uniform(0.5, 1.5)

    def on_error(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        self.crew.last_error = text
        try:
            code = json.loads(text)["error"]["code"]
        except (ValueError, KeyError, TypeError):
            return
        self.crew.ledger.errors[code] = self.crew.ledger.errors.get(code, 0) + 1
        if code not in AWAY:
            raise Failure(f"{self.person.name} met an error that nothing explains: {text}")


class Crew:
    """All clients, driven by one loop."""

    def __init__(self, practice: Practice, ledger: Ledger, *, pause: float = 0.1,
                 most: int = 230, words=None) -> None:
        self.practice = practice
        self.ledger = ledger
        self.pause = pause
        self.most = most  # Texts of one client: `read` shows a thousand messages of a thread.
        self.words = words
        self.mark = os.urandom(4).hex()
        self.selector = selectors.DefaultSelector()
        self.acks = 0
        self.last_ack = time.monotonic()
        self.silence = 0.0  # The longest time without an acknowledgement.
        self.sending = True
        self.last_error = ""
        self.clients: list[Client] = []

    def add(self, person: Person, patient: str) -> Client:
        client = Client(self, person, patient)
        self.clients.append(client)
        client.start()
        return client

    def add_everybody(self, patients: list[str] | None = None) -> None:
        """Every device of these patients, and each of the staff in one of their threads."""
        ids = patients if patients is not None else self.practice.patient_ids
        for person in self.practice.patients:
            if person.patient in ids:
                self.add(person, person.patient)
        for number, person in enumerate(self.practice.staff):
            self.add(person, ids[number % len(ids)])

    def run(self, until, seconds: float, what: str, *, strict: bool = True) -> bool:
        """Drives the clients until `until()` is true."""
        end = time.monotonic() + seconds
        while not until():
            now = time.monotonic()
            self.practice.server.must_live()
            if now >= end:
                if strict:
                    raise Failure(f"waited {seconds:.0f} s in vain for {what}")
                return False
            if self.sending:
                self._type(now)
            for key, _ in self.selector.select(timeout=0.01):
                client, name = key.data
                if client.process is not None:
                    client.read(name, key.fileobj)
        return True

    def note_ack(self) -> None:
        now = time.monotonic()
        self.acks += 1
        self.silence = max(self.silence, now - self.last_ack)
        self.last_ack = now

    def run_for(self, seconds: float) -> None:
        self.run(lambda: False, seconds, "", strict=False)

    def _type(self, now: float) -> None:
        for client in self.clients:
            if client.process is None:
                continue
            if client.waiting is None and now >= client.next_at and client.count < client.most:
                client.type_next()
            elif client.waiting is not None and now - client.since > SILENCE_SECONDS:
                raise Failure(f"{client.person.name} has waited {SILENCE_SECONDS:.0f} s for its "
                              f"acknowledgement: {self.last_error}")

    def run_for_acks(self, count: int, seconds: float = 120.0) -> float:
        """Until so many more texts were acknowledged. The longest silence on the way."""
        at_first = self.acks
        self.silence = 0.0
        self.run(lambda: self.acks >= at_first + count or self.exhausted(), seconds,
                 f"{count} acknowledgements ({self.last_error})")
        return self.silence

    def exhausted(self) -> bool:
        return all(client.count >= client.most and client.waiting is None
                   for client in self.clients if client.process is not None)

    def still_waiting(self) -> list[Typed]:
        return [client.waiting for client in self.clients
                if client.process is not None and client.waiting is not None]

    def settle(self) -> None:
        """Nothing more is typed; what the clients still hold goes out; they end in order."""
        self.sending = False
        if not self.run(lambda: not self.still_waiting(), SILENCE_SECONDS, "", strict=False):
            raise Failure(f"waited {SILENCE_SECONDS:.0f} s in vain for the acknowledgements of "
                          f"{self.still_waiting()} ({self.last_error})")
        for client in self.clients:
            client.stop()
        self.run(lambda: all(client.process is None for client in self.clients), END_SECONDS,
                 "the clients' orderly end")

    def abandon(self) -> None:
        """Whatever happened: no process stays."""
        for client in self.clients:
            if client.process is not None:
                client.process.kill()
                client.process.wait()
