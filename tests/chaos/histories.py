"""What every device of every member reads, compared with what was acknowledged."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from crew import Ledger
from journal import Journal
from practice import Practice
from programs import Failure, Person

# A message as a device shows it: seq, message id, thread, author, device, text.
Shown = tuple[int, str, str, str, str, str]
GOOD_STATES = {"sent", "delivered", "read", "received"}


@dataclass
class History:
    """The thread of a patient, as one device reads it."""

    reader: str
    patient: str
    messages: list[Shown]


def read_history(practice: Practice, person: Person, patient: str) -> History:
    whom = [] if person.patient else [patient]
    page = practice.wardline(person, "read", *whom, "--limit", "1000")
    if page["more"]:
        raise Failure(f"the thread of {patient} is longer than one page")
    for message in page["messages"]:
        if message["state"] not in GOOD_STATES:
            raise Failure(f"{person.name} reads {message}")
    return History(person.name, patient, [
        (message["seq"], message["message_id"], message["thread"], message["author"],
         message["device"], message["text"]) for message in page["messages"]])


def read_histories(practice: Practice, patients: list[str] | None = None,
                   staff: int | None = None) -> list[History]:
    """Every device of these patients and of the staff reads all that it may."""
    ids = patients if patients is not None else practice.patient_ids
    readings = [(person, person.patient) for person in practice.patients if person.patient in ids]
    readings += [(person, patient) for person in practice.staff[:staff] for patient in ids]

    # One program at a time on one home.
    shares: dict[str, list[tuple[Person, str]]] = {}
    for person, patient in readings:
        shares.setdefault(person.name, []).append((person, patient))

    def read_share(share: list[tuple[Person, str]]) -> list[History]:
        return [read_history(practice, person, patient) for person, patient in share]

    with ThreadPoolExecutor(4) as pool:
        return [history for part in pool.map(read_share, shares.values()) for history in part]


def expect(condition: bool, sentence: str) -> None:
    if not condition:
        raise Failure(sentence)


def check_one_order(histories: list[History], journal: Journal) -> None:
    """Every device reads the same messages in the same order: the journal's."""
    first: dict[str, History] = {}
    for history in histories:
        seqs = [message[0] for message in history.messages]
        expect(seqs == sorted(set(seqs)), f"{history.reader} reads {history.patient} out of order")
        other = first.setdefault(history.patient, history)
        expect(history.messages == other.messages,
               f"{history.reader} and {other.reader} read {history.patient} differently")
        if history.messages:
            expect(seqs == journal.seqs_of_thread(history.messages[0][2]),
                   f"{history.reader} does not read {history.patient} as the journal has it")
    total = sum(len(history.messages) for history in first.values())
    expect(total == len(journal.message_entries()),
           "the journal has messages that nobody reads, or the other way round")


def check_ledger(histories: list[History], ledger: Ledger) -> None:
    """What was acknowledged is there once, where it was said to be; nothing else is there."""
    by_text: dict[str, tuple[int, str]] = {}
    seen: Counter = Counter()
    for history in {history.patient: history for history in histories}.values():
        for seq, message_id, _, _, _, text in history.messages:
            seen[text] += 1
            by_text[text] = (seq, message_id)
    for text, typed in ledger.typed.items():
        if typed.seq is None:
            continue
        expect(seen[text] == 1, f"acknowledged as {typed.seq}, stored {seen[text]} times: {text}")
        expect(by_text[text] == (typed.seq, typed.message_id),
               f"acknowledged as {typed.seq}, stands as {by_text[text][0]}: {text}")
    for text, count in seen.items():
        expect(text in ledger.typed, f"nobody wrote: {text}")
        expect(count == 1, f"stored {count} times: {text}")
    for sighting in ledger.sightings:
        expect(by_text.get(sighting.text) == (sighting.seq, sighting.message_id),
               f"{sighting.viewer} was shown {sighting.text} as {sighting.seq}, where it is not")


def resolve(practice: Practice, ledger: Ledger, histories: list[History]) -> tuple[int, int]:
    """Texts of killed clients that nobody acknowledged: stored after all, or written again.

    Returns how many of either there were; those written again have their number now.
    """
    stored = {message[5] for history in histories for message in history.messages}
    people = {person.name: person for person in practice.people}
    found = again = 0
    for typed in ledger.open():
        if typed.text in stored:
            found += 1
            continue
        person = people[typed.sender]
        whom = [] if person.patient else ["--to", typed.patient]
        sent = practice.wardline(person, "send", *whom, typed.text)
        typed.seq, typed.message_id = sent["seq"], sent["message_id"]
        again += 1
    return found, again


def expect_all_stored(histories: list[History], ledger: Ledger) -> None:
    """Nothing that anybody typed is missing in the end."""
    stored = {message[5] for history in histories for message in history.messages}
    missing = [text for text in ledger.typed if text not in stored]
    expect(not missing, f"not stored: {missing[:3]}")
