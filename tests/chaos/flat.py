"""What a message costs does not grow with the staff: rows, transactions, and bytes by device."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from crew import Crew, Ledger, Typed
from practice import Practice
from programs import Failure, Person, Server, wait_for

MESSAGES = 60
BYTES_A_DEVICE = 200
ON_DUTY_MAX = 32


@dataclass
class Cost:
    """Of one message: rows written, by table, transactions of the journal, and bytes stored."""

    rows: dict[str, float]
    transactions: float
    bytes: float
    first_bytes: float  # While no device of the staff has ever answered this patient.


def written(server: Server) -> dict[str, int]:
    """Rows that were inserted, updated or deleted so far, by table."""
    return {table: int(rows) for table, rows in server.query(
        "select relname, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables "
        "where schemaname = 'wardline'")}


def at_rest(server: Server) -> dict[str, int]:
    """The same, exactly: backends report theirs when they end, so those of the server have to."""
    sessions = "from pg_stat_activity where application_name = 'wardlined'"
    old = {row[0] for row in server.query(f"select pid {sessions}")}
    server.query(f"select pg_terminate_backend(pid) {sessions}")

    def gone() -> bool:
        return not old & {row[0] for row in server.query(f"select pid {sessions}")}

    wait_for("the server's sessions to end", gone, 30)
    counts = written(server)
    wait_for("the server to be back", lambda: server.ready()[0] == 200, 30)
    return counts


def stored_bytes(server: Server, after: int) -> float:
    """Of a message's payload, on average, for the messages behind that number."""
    return float(server.query("select avg(octet_length(wrapped)) from wardline.payloads "
                              f"where seq > {after} and kind = 2")[0][0])


def known(ledger: Ledger, nurse: Person, patient: Person) -> str:
    """A text that the crew will not wonder at."""
    text = f"hello from {nurse.name}"
    ledger.typed[text] = Typed(text, nurse.name, patient.patient)
    return text


def cost_of(practice: Practice) -> Cost:
    """Measured over messages of one patient, one after the other, with nobody else connected."""
    server = practice.server
    ledger = Ledger()
    patient = practice.patients[0]
    crew: Crew | None = None
    try:
        server.start()
        crew = Crew(practice, ledger, pause=0.0, most=5)
        client = crew.add(patient, patient.patient)
        crew.run(crew.exhausted, 60, "the first messages")
        first_size = stored_bytes(server, 0)
        # A session that was answered needs no prekeys in its messages.
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda nurse: practice.wardline(nurse, "send", "--to", patient.patient,
                                                          known(ledger, nurse, patient)),
                          practice.staff))
        before = at_rest(server)
        newest = int(server.query("select seq from wardline.heads")[0][0])
        client.most += MESSAGES
        crew.run(crew.exhausted, 120, "the messages that are measured")
        after = at_rest(server)
        size = stored_bytes(server, newest)
        crew.settle()
        server.stop()
    finally:
        if crew is not None:
            crew.abandon()
        server.kill()
    rows = {table: (after[table] - before.get(table, 0)) / MESSAGES for table in after
            if after[table] != before.get(table, 0)}
    return Cost(rows, rows.pop("heads"), size, first_size)


def compare(few: Practice, many: Practice) -> str:
    """Two practices that differ in their staff alone."""
    small, large = cost_of(few), cost_of(many)
    rows_small, rows_large = sum(small.rows.values()), sum(large.rows.values())
    on_duty = min(len(many.staff), ON_DUTY_MAX) - min(len(few.staff), ON_DUTY_MAX)
    each = (large.bytes - small.bytes) / on_duty
    first = (large.first_bytes - small.first_bytes) / on_duty
    found = (f"teams of {len(few.staff)} and {len(many.staff)} devices: "
             f"{rows_small:.2f} and {rows_large:.2f} rows a message, "
             f"{small.transactions:.2f} and {large.transactions:.2f} transactions, "
             f"{small.bytes:.0f} and {large.bytes:.0f} bytes stored, "
             f"{each:.0f} for each device on duty "
             f"({first:.0f} until it has answered once)")
    # A page or a tile more or less, once in many messages, is no growth.
    if abs(rows_large - rows_small) > 0.05:
        raise Failure(f"rows grow with the team: {small.rows} and {large.rows}")
    if abs(large.transactions - small.transactions) > 0.05:
        raise Failure(f"transactions grow with the team: {found}")
    if each > BYTES_A_DEVICE:
        raise Failure(f"more than {BYTES_A_DEVICE} bytes for each device: {found}")
    return found
