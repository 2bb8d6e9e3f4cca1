"""Every case of websocket_cases.py against a real wardlined over real TLS."""

import random
import sys
import time

from edge_server import EdgeServer, Tally
from raw_tls import Silence, is_served
from websocket_cases import CASES_AT_LEAST, GROUPS, Case
from websocket_wire import BINARY, Heard, RawWebSocket, close_frame, frame, request

LAST = 1000  # The number of the question that ends a case whose connection stays open.
RATE = "[limits]\nhandshakes_per_second = 10000\n"  # Nothing else is raised.


def run(port: int, case: Case, source: str) -> str:
    """What was wrong; nothing when the outcome is the one of the table."""
    heard = Heard()
    with RawWebSocket(port, source) as client:
        try:
            for chunk in case.chunks:
                if chunk:
                    client.send(chunk)
            if case.end is None:
                client.send(frame(BINARY, request(LAST)))
                client.listen(heard, until_answer=LAST)
                if heard.answers[-1:] != [LAST]:
                    return f"the connection is of no use any more: {heard}"
                heard.answers.pop()
                heard.errors.pop()
                client.send(close_frame(1000))
            client.listen(heard)
        except Silence:
            return f"silence: {heard}"
    return judge(case, heard)


def judge(case: Case, heard: Heard) -> str:
    if heard.wrong:
        return f"the server's frames: {heard.wrong}"
    end = 1000 if case.end is None else case.end
    if heard.closed is None:
        return f"no close frame: {heard}"
    code = int.from_bytes(heard.closed[:2], "big")
    if code != end:
        return f"closed with {code}, not {end}: {heard}"
    if tuple(heard.pongs) != case.pongs:
        return f"pongs {heard.pongs}"
    if case.may_lose_answers and not heard.answers:
        return ""
    if tuple(heard.answers) != case.answers:
        return f"answers {heard.answers}"
    expected = case.errors or ("not_logged_in",) * len(case.answers)
    if tuple(heard.errors) != expected:
        return f"errors {heard.errors}"
    return ""


def judge_can_fail(tally: Tally) -> None:
    """The judge refuses what is not the outcome of the table."""
    case = Case("control", "", [], answers=(1,), pongs=(b"p",), end=1002)
    good = dict(answers=[1], errors=["not_logged_in"], pongs=[b"p"], closed=b"\x03\xea", ended=True)
    tally.check("control-good", judge(case, Heard(**good)) == "")
    for name, change in {
        "another-code": {"closed": b"\x03\xe8"}, "no-close": {"closed": None},
        "no-pong": {"pongs": []}, "no-answer": {"answers": [], "errors": []},
        "another-error": {"errors": ["forbidden"]}, "a-bad-frame": {"wrong": ["first byte 00"]},
    }.items():
        tally.check(f"control-{name}", judge(case, Heard(**{**good, **change})) != "")


def run_all(server: EdgeServer, tally: Tally) -> None:
    names: set[str] = set()
    for group in GROUPS:
        for number, case in enumerate(group()):
            assert case.name not in names, f"two cases are called {case.name}"
            names.add(case.name)
            # A source of its own for each: limits by address are for strangers, not for cases.
            told = run(server.port, case, f"127.1.0.{number % 250 + 1}")
            tally.check(f"{case.name} (RFC 6455 section {case.section})", told == "", told)
        tally.check(f"{group.__name__}-served-afterwards", is_served(server.port))
    tally.check("no-fault-in-the-log", not server.events("session_failed"))


def run_random(server: EdgeServer, tally: Tally, count: int) -> None:
    """Bits flipped in good frames: the server answers or closes, and goes on."""
    seed = time.time_ns()
    print(f"random frames: seed {seed}")
    dice = random.Random(seed)
    for number in range(count):
        data = bytearray(frame(BINARY, request(1, 150)) + frame(9, b"ping") + close_frame(1000))
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        with RawWebSocket(server.port, f"127.2.0.{number % 250 + 1}") as client:
            client.send(bytes(data))
            client.hang_up()
            heard = client.listen(Heard())
            tally.check(f"random-{seed}-{number}", heard.ended and not heard.wrong, str(heard))
    tally.check("random-served-afterwards", is_served(server.port))


def main() -> int:
    tally = Tally()
    judge_can_fail(tally)
    with EdgeServer(sys.argv[1], RATE) as server:
        run_all(server, tally)
        run_random(server, tally, 100)
        tally.check("alive", server.alive())
        tally.check("ends-orderly", server.stop() == 0)
    return tally.finish("WebSocket", CASES_AT_LEAST)


if __name__ == "__main__":
    sys.exit(main())
