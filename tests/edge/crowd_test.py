"""Keeps the server for wardline-crowd: starts it, restarts it as asked, looks after it in the end.

    crowd_test.py WARDLINED WARDLINE-CROWD [--readers N] [--reconnects N] [--samples N] [--seconds N] [--strict]
"""

import subprocess
import sys

from edge_server import EdgeServer

# While people are enrolled, and where time is compared: no rates, and no pings that light
# clients would have to answer; every other limit stands.
RAISED = """[limits]
handshakes_per_second = 100000
unauthenticated_per_address_max = 100000
http_per_address_per_minute = 1000000
device_requests_per_second = 1000000
account_requests_per_second = 1000000
prekey_bundles_per_minute = 1000000
logins_per_minute = 1000000
http_timeout_ms = 600000
login_timeout_ms = 600000
idle_timeout_ms = 600000
"""
LIMITS = {"default": "", "raised": RAISED}


def restart(server: EdgeServer, crowd: subprocess.Popen[str], how: str, limits: str) -> None:
    """Says once it is down and once it is up again."""
    assert server.process is not None and crowd.stdin is not None
    if how == "kill":
        server.process.kill()
        server.process.wait()
    else:
        assert server.stop() == 0
    crowd.stdin.write("down\n")
    crowd.stdin.flush()
    server.config = LIMITS[limits]
    server.start()
    crowd.stdin.write(f"{server.pid}\n")
    crowd.stdin.flush()


def setup_token(program: str, server: EdgeServer) -> str:
    out = subprocess.run(
        [program, "setup-token", "--data", str(server.data)],
        capture_output=True, text=True, check=True,
    ).stdout
    return out.split("\n")[0]


def main() -> int:
    program, crowd_program, *options = sys.argv[1:]
    with EdgeServer(program, RAISED) as server:
        crowd = subprocess.Popen(
            [crowd_program, "--port", str(server.port), "--token", setup_token(program, server),
             "--server", str(server.pid), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        assert crowd.stdout is not None
        for line in crowd.stdout:
            words = line.split()
            if words[:1] == ["restart"]:
                restart(server, crowd, words[1], words[2])
        result = crowd.wait()
        faults = server.events("request_fault") + server.events("session_failed")
        if not server.alive() or faults:
            print(f"FAILED: the server: {faults}", file=sys.stderr)
            return 1
        return result


if __name__ == "__main__":
    sys.exit(main())
