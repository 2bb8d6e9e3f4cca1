"""What docs/operations.md says of the process: addresses, files, signals, metrics, a database away."""

import pathlib
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

from edge_server import EdgeServer, Tally
from raw_tls import RawTls, is_served
from websocket_wire import BINARY, Heard, RawWebSocket, frame, request

CONFIG = (
    "[limits]\nhandshakes_per_second = 10000\nunauthenticated_per_address_max = 10000\n"
    "login_timeout_ms = 600000\n"  # Nobody logs in here, and a busy machine takes its time.
)
DATABASE_SECONDS = 60


def check_refused_configurations(program: str, tally: Tally) -> None:
    """Before anything is started: a sentence, and exit code 2."""
    for name, arguments, word in (
        ("metrics-on-every-address", ["--metrics", "0.0.0.0:9464"], "loopback"),
        ("metrics-on-every-ipv6-address", ["--metrics", "[::]:9464"], "loopback"),
        ("metrics-on-a-lan-address", ["--metrics", "192.168.0.1:9464"], "loopback"),
        ("listen-without-brackets", ["--listen", "::8443"], "8443"),
        ("listen-on-a-name", ["--listen", "localhost:8443"], "localhost"),
    ):
        told = subprocess.run(
            [program, "check-config", "--data", "/nonexistent/wardline", *arguments],
            capture_output=True, text=True, check=False,
        )
        good = told.returncode == 2 and word in told.stderr
        tally.check(f"refused-{name}", good, f"{told.returncode} {told.stderr}")


def limit_of_files(pid: int) -> tuple[int, int]:
    """Soft and hard."""
    text = pathlib.Path(f"/proc/{pid}/limits").read_text()
    found = re.search(r"Max open files\s+(\d+)\s+(\d+)", text)
    assert found is not None, text
    return int(found[1]), int(found[2])


def check_addresses(server: EdgeServer, tally: Tally) -> None:
    """Listens on [::]."""
    tally.check("ipv4-through-an-ipv6-address", is_served(server.port))
    tally.check("ipv6", is_served(server.port, host="::1"))


def check_metrics(server: EdgeServer, tally: Tally) -> None:
    place = ("127.0.0.1", server.metrics_port)
    before = server.metric("wardline_connections_accepted_total")
    is_served(server.port)
    tally.check("metrics-count", server.metric("wardline_connections_accepted_total") == before + 1)
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/other")
        tally.check("metrics-only", False)
    except urllib.error.HTTPError as error:
        tally.check("metrics-only", error.code == 404)
    with socket.create_connection(place) as endless:
        try:
            endless.sendall(b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 10_000)
        except OSError:
            pass
        endless.settimeout(30)
        try:
            tally.check("metrics-endless-header", endless.recv(10) == b"")
        except ConnectionResetError:
            tally.check("metrics-endless-header", True)
    # Eight at a time, and none for ever: with all places taken, somebody is served in the end.
    silent = [socket.create_connection(place) for _ in range(20)]
    end = time.monotonic() + 30
    served = False
    while not served and time.monotonic() < end:
        try:
            served = server.metric("wardline_database_up") == 1
        except OSError:
            time.sleep(0.1)
    tally.check("metrics-survive-silence", served)
    for sock in silent:
        sock.close()


def certificate(server: EdgeServer) -> bytes:
    with RawTls(server.port) as client:
        return client.tls.getpeercert(binary_form=True) or b""


def make_certificate(folder: pathlib.Path, name: str) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "30", "-subj", f"/CN={name}", "-keyout", str(folder / "edge.key"), "-out",
         str(folder / "edge.pem")],
        check=True, capture_output=True,
    )


def check_hangup(server: EdgeServer, tally: Tally) -> None:
    """SIGHUP: a renewed certificate is shown to new connections, a broken one to nobody."""
    assert server.process is not None
    first = certificate(server)
    open_before = RawWebSocket(server.port)
    make_certificate(server.folder, "second")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_event("certificate_reloaded")
    second = certificate(server)
    tally.check("hangup-shows-the-new-certificate", first != second and b"second" in second)
    open_before.send(frame(BINARY, request(1)))
    tally.check("hangup-keeps-connections", open_before.listen(Heard(), 1).answers == [1])
    open_before.close()
    (server.folder / "edge.pem").write_text("no certificate")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_event("certificate_not_reloaded")
    tally.check("hangup-keeps-the-old-one", certificate(server) == second)
    make_certificate(server.folder, "third")
    (server.folder / "edge.key").write_text((server.folder / "edge.key").read_text()[::-1])
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_event("certificate_not_reloaded", count=2)
    tally.check("hangup-keeps-the-old-one-without-a-key", certificate(server) == second)


def check_files_used_up(server: EdgeServer, tally: Tally) -> None:
    """EMFILE: accepting pauses, who is there is served, and everything recovers."""
    there = RawWebSocket(server.port)
    soft, hard = limit_of_files(server.pid)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (100, hard))
    crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    server.wait_for_event("accept_paused")
    there.send(frame(BINARY, request(1)))
    tally.check("files-used-up-serves-who-is-there", there.listen(Heard(), 1).answers == [1])
    tally.check("files-used-up-is-said-once", len(server.events("accept_paused")) == 1)
    for sock in crowd:
        sock.close()
    tally.check("files-free-again", is_served(server.port))
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (soft, hard))
    there.close()


def children(pid: int) -> list[int]:
    """All below, nearest first."""
    out: list[int] = []
    for parent in [pid]:
        text = pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text()
        for child in (int(word) for word in text.split()):
            out += [child, *children(child)]
    return out


def readiness(server: EdgeServer) -> tuple[int, str]:
    with RawTls(server.port) as client:
        client.send(b"GET /readyz HTTP/1.1\r\nHost: edge\r\n\r\n")
        answer = client.response()
        assert answer is not None
        return answer[0], answer[2].decode()


def becomes(server: EdgeServer, status: int) -> bool:
    end = time.monotonic() + DATABASE_SECONDS
    while readiness(server)[0] != status:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def check_database_gone(server: EdgeServer, tally: Tally) -> None:
    """Its processes stand still, then go on; then they are killed, and are started again."""
    tally.check("ready", readiness(server) == (200, "ready\n"))
    there = RawWebSocket(server.port)
    frozen = children(server.pid)
    tally.check("has-databases", len(frozen) > 4, str(frozen))
    for pid in frozen:
        subprocess.run(["kill", "-STOP", str(pid)], check=False)
    try:
        tally.check("frozen-is-not-ready", becomes(server, 503), str(readiness(server)))
        tally.check("frozen-says-why", "database" in readiness(server)[1], readiness(server)[1])
        tally.check("frozen-is-alive", is_served(server.port))
        there.send(frame(BINARY, request(1)))
        tally.check("frozen-answers-what-needs-none", there.listen(Heard(), 1).answers == [1])
    finally:
        for pid in frozen:
            subprocess.run(["kill", "-CONT", str(pid)], check=False)
    tally.check("thawed-is-ready", becomes(server, 200), str(readiness(server)))
    for pid in children(server.pid):
        subprocess.run(["kill", "-KILL", str(pid)], check=False, stderr=subprocess.DEVNULL)
    tally.check("killed-is-not-ready", becomes(server, 503))
    tally.check("restarted-is-ready", becomes(server, 200), str(readiness(server)))
    there.send(frame(BINARY, request(2)))
    tally.check("connections-outlive-the-database", there.listen(Heard(), 2).answers == [2])
    there.close()


def check_goodbye(server: EdgeServer, tally: Tally) -> None:
    """SIGTERM: 1001, and exit code 0."""
    there = RawWebSocket(server.port)
    code = server.stop()
    heard = there.listen(Heard())
    tally.check("goodbye-1001", heard.closed is not None and heard.closed[:2] == b"\x03\xe9",
                str(heard))
    tally.check("goodbye-exit-code", code == 0, str(code))
    try:
        RawTls(server.port).close()
        tally.check("goodbye-port-closed", False)
    except (ConnectionError, ssl.SSLError):
        tally.check("goodbye-port-closed", True)


def main() -> int:
    program = sys.argv[1]
    tally = Tally()
    check_refused_configurations(program, tally)
    # Before the start: a low soft limit, which the server raises.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1000, min(hard, 20_000)))
    with EdgeServer(program, CONFIG, "[::]:0") as server:
        soft, most = limit_of_files(server.pid)
        tally.check("file-limit-raised", soft == most > 1000, f"{soft} of {most}")
        check_addresses(server, tally)
        check_metrics(server, tally)
        check_files_used_up(server, tally)
        check_database_gone(server, tally)
        check_goodbye(server, tally)
        make_certificate(server.folder, "first")
        server.config = (
            f'[tls]\ncertificate = "{server.folder}/edge.pem"\nkey = "{server.folder}/edge.key"\n'
            + CONFIG
        )
        server.start()
        check_hangup(server, tally)
        tally.check("ends-orderly", server.stop() == 0)
    return tally.finish("The process", 30)


if __name__ == "__main__":
    sys.exit(main())
