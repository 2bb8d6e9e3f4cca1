"""sslscan and testssl.sh find nothing above information. A weak server, found by both, is the control."""

import json
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

from edge_server import EdgeServer, Tally

# Severities of testssl.sh that say that all is well.
GOOD = {"OK", "INFO"}
# The one finding that is about the scanner: its OpenSSL has no engine.
ABOUT_THE_SCANNER = {"engine_problem", "scanTime"}


def sslscan(port: int) -> xml.Element:
    out = subprocess.run(
        ["sslscan", "--xml=-", f"127.0.0.1:{port}"], capture_output=True, text=True, check=True
    ).stdout
    found = xml.fromstring(out).find("ssltest")
    assert found is not None, out
    return found


def sslscan_findings(test: xml.Element) -> list[str]:
    """Everything that should not be there."""
    out = []
    for protocol in test.iter("protocol"):
        name = f"{protocol.get('type')} {protocol.get('version')}"
        if protocol.get("enabled") == "1" and name != "tls 1.3":
            out.append(name)
    for cipher in test.iter("cipher"):
        if cipher.get("sslversion") != "TLSv1.3" or int(cipher.get("bits", "0")) < 128:
            out.append(f"{cipher.get('sslversion')} {cipher.get('cipher')}")
    for heartbleed in test.iter("heartbleed"):
        if heartbleed.get("vulnerable") != "0":
            out.append("heartbleed")
    for group in test.iter("group"):
        if group.get("name") not in ("x25519", "secp256r1 (NIST P-256)"):
            out.append(f"group {group.get('name')}")
    for compression in test.iter("compression"):
        if compression.get("supported") != "0":
            out.append("compression")
    return out


def testssl(port: int, report: pathlib.Path, checks: list[str]) -> list[dict]:
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    openssl = shutil.which("openssl")
    assert program and openssl, "testssl.sh and openssl are needed"
    subprocess.run(
        [program, "--quiet", "--color", "0", "--warnings", "off", f"--openssl={openssl}",
         "--ip", "one", *checks, "--jsonfile", str(report), f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False,
    )
    return json.loads(report.read_text())


def testssl_findings(report: list[dict]) -> list[str]:
    return [
        f"{line['id']}: {line['severity']}: {line['finding']}"
        for line in report
        if line["severity"] not in GOOD and line["id"] not in ABOUT_THE_SCANNER
    ]


def weak_server(folder: pathlib.Path) -> tuple[subprocess.Popen[bytes], int]:
    """What both scanners have to find fault with."""
    key, certificate = folder / "weak.key", folder / "weak.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "1", "-subj",
         "/CN=weak", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-key", str(key), "-cert",
         str(certificate), "-cipher", "ALL:@SECLEVEL=0", "-tls1_2", "-www", "-quiet"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, port
        except OSError:
            time.sleep(0.02)
    raise AssertionError("openssl s_server does not listen")


def main() -> int:
    tally = Tally()
    with EdgeServer(sys.argv[1]) as server:
        scan = sslscan(server.port)
        tally.check("sslscan-saw-tls-1.3", any(c.get("sslversion") == "TLSv1.3"
                                               for c in scan.iter("cipher")))
        tally.check("sslscan-finds-nothing", not sslscan_findings(scan), str(sslscan_findings(scan)))
        # Protocols, ciphers, forward secrecy, known vulnerabilities.
        report = testssl(server.port, server.folder / "report.json", ["-p", "-s", "-f", "-U"])
        tally.check("testssl-saw-tls-1.3", any(line["id"] == "TLS1_3" for line in report))
        tally.check("testssl-looked-at-much", len(report) >= 30, str(len(report)))
        for finding in testssl_findings(report):
            tally.check(f"testssl {finding}", False)
        tally.check("testssl-finds-nothing", not testssl_findings(report))
        weak, port = weak_server(server.folder)
        try:
            tally.check("control-sslscan-finds-a-weak-server", bool(sslscan_findings(sslscan(port))))
            faults = testssl_findings(testssl(port, server.folder / "weak.json", ["-s"]))
            tally.check("control-testssl-finds-a-weak-server", bool(faults))
        finally:
            weak.kill()
            weak.wait()
        tally.check("alive", server.alive())
    return tally.finish("TLS scans", 7)


if __name__ == "__main__":
    sys.exit(main())
