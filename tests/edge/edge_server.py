"""A wardlined of its own in a private folder, with the databases it starts, for the tests at the edge."""

import ctypes
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
START_SECONDS = 200  # Two new PostgreSQL clusters take their time on a busy machine.


class EdgeServer:
    """Starts at once; its log is kept line by line. A context manager: the folder goes with it."""

    def __init__(self, program: str, config: str = "", listen: str = "127.0.0.1:0") -> None:
        self.program = program
        # Short: PostgreSQL's sockets lie below it.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardline-edge-", dir="/tmp"))
        self.config = config
        self.listen = listen
        self.lines: list[dict] = []
        self.process: subprocess.Popen[str] | None = None
        self.port = 0
        self.metrics_port = 0
        self.start()

    def __enter__(self) -> "EdgeServer":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def data(self) -> pathlib.Path:
        return self.folder / "server"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self, before_exec: Callable[[], None] | None = None) -> None:
        """Returns once it listens."""
        file = self.folder / "wardlined.toml"
        file.write_text(
            f'data = "{self.data}"\nlisten = "{self.listen}"\n{self.config}\n'
            '[metrics]\nlisten = "127.0.0.1:0"\n'
        )
        self.lines = []
        self.process = subprocess.Popen(
            [self.program, "--config", str(file)],
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: self._in_child(before_exec),
        )
        threading.Thread(target=self._keep_log, args=(self.process,), daemon=True).start()
        self.port = self.wait_for_event("listening", START_SECONDS)["port"]
        self.metrics_port = self.wait_for_event("metrics_listening")["port"]
        # A restart finds the same port.
        self.listen = f"{self.listen.rsplit(':', 1)[0]}:{self.port}"

    @staticmethod
    def _in_child(before_exec: Callable[[], None] | None) -> None:
        # A test that is killed leaves no server behind.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if before_exec is not None:
            before_exec()

    def _keep_log(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            try:
                self.lines.append(json.loads(line))
            except json.JSONDecodeError:
                self.lines.append({"event": "not_json", "text": line})

    def events(self, name: str) -> list[dict]:
        return [line for line in list(self.lines) if line.get("event") == name]

    def wait_for_event(self, name: str, seconds: float = 30, count: int = 1) -> dict:
        """The count-th line of that event; waits for it."""
        assert self.process is not None
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.events(name)
            if len(found) >= count:
                return found[count - 1]
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError(f"the server never said {name!r}: {self.lines[-5:]}")

    def stop(self) -> int:
        """Orderly; the exit code."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def metric(self, name: str) -> float:
        """As the server counts it."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics") as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(name + " "):
                    return float(line.split(" ")[1])
        raise AssertionError(f"no metric {name}")

    def wait_for_metric(self, name: str, most: float, seconds: float = 30) -> bool:
        """Whether it falls to `most` in time."""
        end = time.monotonic() + seconds
        while self.metric(name) > most:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True


class Tally:
    """Counts what was checked; says what failed as it comes, and everything at the end."""

    def __init__(self) -> None:
        self.passed = 0
        self.failures: list[str] = []

    def check(self, name: str, good: bool, told: str = "") -> None:
        if good:
            self.passed += 1
            return
        self.failures.append(name)
        print(f"FAILED {name}: {told}", file=sys.stderr, flush=True)

    def finish(self, what: str, at_least: int) -> int:
        """The exit code. Fewer cases than promised are a failure too."""
        total = self.passed + len(self.failures)
        print(f"{what}: {self.passed} of {total} cases passed")
        if total < at_least:
            print(f"FAILED: fewer than {at_least} cases", file=sys.stderr)
            return 1
        return 1 if self.failures else 0
