"""kill -9 at random while everybody sends: nothing acknowledged is lost, nothing stands twice."""

from __future__ import annotations

import copy
import random
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path

from crew import Crew, Ledger
from histories import (History, check_ledger, check_one_order, expect_all_stored, read_histories,
                       resolve)
from journal import Journal, check_journal, read_journal
from practice import Practice
from programs import Failure, children_of, kill

KINDS = ("server", "database", "backend", "clients", "everything")
ACKS_BETWEEN = 25


@dataclass(frozen=True)
class Kill:
    """One blow of the schedule."""

    kind: str
    wait: float  # Seconds since the service was back.
    in_recovery: bool  # It does not wait for that.
    dice: float  # Chooses the process or the clients.
    away: float  # Seconds until the server is started again.


def schedule_of(seed: int, count: int) -> list[Kill]:
    """Of each five kills one of each kind, in an order, at times and on victims by the seed."""
    dice = random.Random(seed)
    out: list[Kill] = []
    while len(out) < count:
        block = list(KINDS)
        dice.shuffle(block)
        for kind in block:
            out.append(Kill(kind, dice.uniform(0.05, 0.8), dice.random() < 0.2, dice.random(),
                            dice.choice([0.0, 0.0, dice.uniform(0.0, 1.0)])))
    return out[:count]


def victims(practice: Practice, blow: Kill) -> list[int]:
    """Processes of the database that the blow is for."""
    server = practice.server
    main, keys = server.postmaster("main"), server.postmaster("keys")
    if blow.kind == "database":
        chosen = main if blow.dice < 0.75 else keys
        return [chosen] if chosen is not None else []
    if blow.kind == "backend":
        # Backends and the database's own helpers alike: a checkpointer that dies is a crash too.
        backends = sorted(children_of(main)) if main is not None else []
        return [backends[int(blow.dice * len(backends))]] if backends else []
    return server.database_processes() if blow.kind == "everything" else []


def strike(practice: Practice, crew: Crew, blow: Kill) -> int:
    """The number of processes that were killed."""
    killed = 0
    if blow.kind in ("server", "everything"):
        pids = victims(practice, blow)
        practice.server.kill()
        for pid in pids:
            kill(pid)
        killed += 1 + len(pids)
        crew.run_for(blow.away)
        practice.server.start(wait=False)
    elif blow.kind == "clients":
        dice = random.Random(blow.dice)
        chosen = dice.sample(crew.clients, dice.randint(1, 5))
        for client in chosen:
            client.kill()
        crew.run_for(blow.away)
        for client in chosen:
            client.start()
        killed += len(chosen)
    else:
        practice.server.strike()
        for pid in victims(practice, blow):
            kill(pid)
            killed += 1
    return killed


def must_fail(what: str, check) -> None:
    try:
        check()
    except Failure:
        return
    raise Failure(f"the checker does not notice {what}")


def controls(practice: Practice, histories: list[History], journal: Journal,
             ledger: Ledger) -> int:
    """The checker has to see what was tampered with; the last control is a row that is dropped."""
    some = next(history for history in histories if len(history.messages) > 2)
    seq = some.messages[1][0]

    def changed(value, change):
        value = copy.deepcopy(value)
        change(value)
        return value

    def without(place: list, item: object) -> None:
        place.remove(item)

    mine = histories.index(some)
    cases = {
        "a message that one device lacks": lambda: check_one_order(
            changed(histories, lambda h: h[mine].messages.pop()), journal),
        "two messages in another order": lambda: check_one_order(
            changed(histories, lambda h: h[mine].messages.reverse()), journal),
        "a message that stands twice": lambda: check_ledger(
            changed(histories, lambda h: [x.messages.append(x.messages[0]) for x in h
                                          if x.patient == some.patient]), ledger),
        "an acknowledged message that is lost": lambda: check_ledger(
            changed(histories, lambda h: [x.messages.pop() for x in h
                                          if x.patient == some.patient]), ledger),
        "an acknowledgement with another number": lambda: check_ledger(
            histories, changed(ledger, lambda x: setattr(
                x.typed[some.messages[1][5]], "seq", seq + 1))),
        "a flipped bit in an entry": lambda: check_journal(changed(
            journal, lambda j: setattr(j.entries[seq], "details",
                                       j.entries[seq].details[:-1] + b"\0"))),
        "another time of an entry": lambda: check_journal(changed(
            journal, lambda j: setattr(j.entries[seq], "time", j.entries[seq].time + 1))),
        "a head that somebody else signed": lambda: check_journal(changed(
            journal, lambda j: setattr(j, "signature", bytes(64)))),
        "a payload that is lost": lambda: check_journal(changed(
            journal, lambda j: without(j.payloads, j.payloads[0]))),
        "a unit key that is lost": lambda: check_journal(changed(
            journal, lambda j: j.keys.clear())),
        "a gap in the counters": lambda: check_journal(changed(
            journal, lambda j: j.counters.update({next(iter(j.counters)): 10 ** 6}))),
    }
    for what, check in cases.items():
        must_fail(what, check)
    practice.server.query(f"delete from wardline.entries where seq = {seq}")
    must_fail("a dropped row", lambda: check_journal(read_journal(practice.server)))
    return len(cases) + 1


@dataclass
class Checked:
    """What the checker went through. Several runs add up."""

    texts: int = 0
    histories: int = 0
    entries: int = 0
    sent_again: int = 0  # Kept on a device, and sent when the server was back.
    orphaned: int = 0  # Under way when their client was killed; the next two are of these.
    unanswered: int = 0  # Stored, and the client died before it said so.
    typed_again: int = 0  # The client died before it had them.

    def __add__(self, other: "Checked") -> "Checked":
        return Checked(*(getattr(self, field.name) + getattr(other, field.name)
                         for field in fields(Checked)))

    def __str__(self) -> str:
        return (f"{self.texts} texts each stored once, {self.histories} histories alike, "
                f"{self.entries} entries verified; {self.sent_again} sent again from a device; "
                f"{self.orphaned} under way when their client died, of which {self.unanswered} "
                f"were never acknowledged and {self.typed_again} had to be typed again")


def check_everything(practice: Practice, ledger: Ledger, patients: list[str] | None = None
                     ) -> tuple[list[History], Journal, Checked]:
    """The one checker of all faults. Returns what it looked at."""
    histories = read_histories(practice, patients)
    found, again = resolve(practice, ledger, histories)
    if again:
        histories = read_histories(practice, patients)
    expect_all_stored(histories, ledger)
    journal = read_journal(practice.server)
    check_journal(journal)
    check_one_order(histories, journal)
    check_ledger(histories, ledger)
    queued = sum(1 for typed in ledger.typed.values() if typed.queued)
    orphaned = sum(1 for typed in ledger.typed.values() if typed.orphaned)
    return histories, journal, Checked(len(ledger.typed), len(histories), journal.seq, queued,
                                       orphaned, found, again)


@dataclass
class Kills:
    """What a run, or several, did and found."""

    kinds: Counter = field(default_factory=Counter)
    acknowledged: int = 0
    checked: Checked = field(default_factory=Checked)
    silence: float = 0.0
    controls: int = 0
    restarts: int = 0  # Of the server, whose databases were killed while it started.

    def __add__(self, other: "Kills") -> "Kills":
        return Kills(self.kinds + other.kinds, self.acknowledged + other.acknowledged,
                     self.checked + other.checked, max(self.silence, other.silence),
                     self.controls + other.controls, self.restarts + other.restarts)

    def __str__(self) -> str:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(self.kinds.items()))
        ended = f"; {self.restarts} starts ended for want of a database" if self.restarts else ""
        return (f"{self.kinds.total()} kills ({kinds}), {self.acknowledged} acknowledged, 0 lost; "
                f"{self.checked}; at most {self.silence:.1f} s without an acknowledgement; "
                f"{self.controls} controls noticed{ended}")


def run_kills(practice: Practice, seed: int, count: int) -> Kills:
    """What was done and found. Raises Failure."""
    ledger = Ledger()
    crew = Crew(practice, ledger)
    done: Counter = Counter()
    longest = 0.0
    try:
        practice.server.start()
        crew.add_everybody()
        crew.run_for_acks(2 * len(crew.clients))
        for blow in schedule_of(seed, count):
            crew.run_for(blow.wait)
            killed = strike(practice, crew, blow)
            done[blow.kind] += 1
            back = 0.0 if blow.in_recovery else crew.run_for_acks(ACKS_BETWEEN)
            longest = max(longest, back)
            print(f"  {time.strftime('%H:%M:%S')} {blow.kind}: {killed} killed, "
                  f"{'not awaited' if blow.in_recovery else f'silence of {back:.1f} s'}; "
                  f"{crew.acks} acknowledged", flush=True)
        crew.run_for_acks(ACKS_BETWEEN)
        crew.settle()
        practice.server.wait_listening()
        histories, journal, checked = check_everything(practice, ledger)
        tried = controls(practice, histories, journal, ledger)
        practice.server.kill()
    finally:
        crew.abandon()
        practice.server.kill()
    return Kills(done, crew.acks, checked, longest, tried, practice.server.restarts)
