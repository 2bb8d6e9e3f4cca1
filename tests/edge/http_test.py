"""Every case of http_cases.py against a real wardlined over real TLS."""

import random
import sys
import time

from edge_server import EdgeServer, Tally
from http_cases import CASES_AT_LEAST, GROUPS, Case, get, post, length
from raw_tls import RawTls, Silence, is_served

# Every case comes from an address of its own, but the handshakes are those of one machine.
CONFIG = 'allowed_origins = ["https://clinic.example"]\n[limits]\nhandshakes_per_second = 10000\n'


def run(port: int, case: Case, source: str) -> str:
    """What was wrong; nothing when the outcome is the one of the table."""
    told: list[int] = []
    with RawTls(port, source) as client:
        try:
            step = case.chunk or max(1, len(case.data))
            for at in range(0, len(case.data), step):
                client.send(case.data[at : at + step])
            if case.cut:
                client.hang_up()
            for _ in case.statuses:
                answer = client.response(case.head)
                if answer is None:
                    return f"ended behind {told}, not {case.statuses}"
                told.append(answer[0])
                trouble = judge_fields(answer[0], answer[1])
                if trouble:
                    return trouble
            if tuple(told) != case.statuses:
                return f"answered {told}, not {case.statuses}"
            if told[-1:] == [101]:
                return "" if client.more() else "no hello behind the upgrade"
            if case.stays:
                client.send(get())
                again = client.response()
                return "" if again and again[0] == 200 else "the connection is of no use any more"
            left = client.until_end()
            return f"something behind the last answer: {left[:80]!r}" if left else ""
        except Silence:
            return f"silence behind {told}, not {case.statuses}"


def judge_fields(status: int, fields: dict[str, str]) -> str:
    if status == 101:
        if fields.get("sec-websocket-protocol") != "wardline.1":
            return "no subprotocol"
        if "beast" in fields.get("server", "").lower():
            return "the library's name and version"
        return "an extension" if "sec-websocket-extensions" in fields else ""
    if status == 426 and fields.get("sec-websocket-version") != "13":
        return "426 without the version that is spoken"
    for name in ("server", "x-powered-by", "set-cookie", "access-control-allow-origin"):
        if name in fields:
            return f"a field {name}"
    return "" if fields.get("cache-control") == "no-store" else "no cache-control"


def run_all(server: EdgeServer, tally: Tally) -> None:
    names: set[str] = set()
    count = 0
    for group in GROUPS:
        for case in group():
            assert case.name not in names, f"two cases are called {case.name}"
            names.add(case.name)
            count += 1
            told = run(server.port, case, f"127.3.{count // 250}.{count % 250 + 1}")
            tally.check(f"{case.name} (RFC {case.section})", told == "", told)
        tally.check(f"{group.__name__}-served-afterwards", is_served(server.port))
    tally.check("no-fault-in-the-log", not server.events("http_fault"))


def run_random(server: EdgeServer, tally: Tally, count: int) -> None:
    """Bits flipped in good requests: an answer or an end, never a hang or a crash."""
    seed = time.time_ns()
    print(f"random requests: seed {seed}")
    dice = random.Random(seed)
    for number in range(count):
        data = bytearray(post(length()) + get())
        for _ in range(dice.randint(1, 5)):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        with RawTls(server.port, f"127.4.{number // 250}.{number % 250 + 1}") as client:
            client.send(bytes(data))
            client.hang_up()
            came = client.until_end()
            tally.check(f"random-{seed}-{number}", came == b"" or came.startswith(b"HTTP/1."))
    tally.check("random-served-afterwards", is_served(server.port))


def runner_can_fail(server: EdgeServer, tally: Tally) -> None:
    """What is not in the table is told: the runner is no rubber stamp."""
    for name, case in {
        "another-status": Case("", "", get(), (404,), stays=True),
        "one-answer-more": Case("", "", get() * 2, (200,)),
        "open-instead-of-closed": Case("", "", post("Content-Length: x\r\n"), (400,), stays=True),
    }.items():
        tally.check(f"control-{name}", run(server.port, case, "127.3.9.9") != "")


def main() -> int:
    tally = Tally()
    with EdgeServer(sys.argv[1], CONFIG) as server:
        runner_can_fail(server, tally)
        run_all(server, tally)
        run_random(server, tally, 100)
        tally.check("alive", server.alive())
        tally.check("ends-orderly", server.stop() == 0)
    return tally.finish("HTTP", CASES_AT_LEAST)


if __name__ == "__main__":
    sys.exit(main())
