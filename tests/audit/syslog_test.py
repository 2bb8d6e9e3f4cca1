"""Reads the syslog messages of an export that has every kind of entry: syslog_test.py SAMPLES

By the letter of RFC 5424 section 6, and the AuditMessage inside by that of DICOM PS3.15 A.5.
"""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from base64 import b64decode

MESSAGE = re.compile(
    rb"<(?P<pri>0|[1-9][0-9]{0,2})>(?P<version>[1-9][0-9]{0,2})"
    rb" (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))"
    rb" (?P<host>[\x21-\x7e]{1,255}) (?P<app>[\x21-\x7e]{1,48})"
    rb" (?P<process>[\x21-\x7e]{1,128}) (?P<id>[\x21-\x7e]{1,32})"
    rb" (?P<data>-|(?:\[[^\]]+\])+) \xef\xbb\xbf(?P<text>.*)", re.ASCII)
EVENTS = {"110100", "110101", "110106", "110110", "110113", "110114"}


def parse(line: bytes) -> tuple[dict[str, bytes], xml.Element]:
    """A message's header and its AuditMessage; AssertionError for what is not of the form."""
    found = MESSAGE.fullmatch(line)
    assert found, line[:80]
    assert int(found["pri"]) <= 191
    assert not re.search(rb"[\x00-\x1f\x7f]", line), "a control character"
    return found.groupdict(), xml.fromstring(found["text"].decode("utf-8"))


def details_of(message: xml.Element) -> dict[str, str]:
    """The details of the journal's entry."""
    out = {}
    for part in message.iterfind("ParticipantObjectIdentification"):
        for detail in part.iterfind("ParticipantObjectDetail"):
            out[detail.attrib["type"]] = b64decode(detail.attrib["value"], validate=True).decode()
    return out


def check(line: bytes, entry: dict) -> None:
    """One message against the entry in the verifiable export."""
    header, message = parse(line)
    event = message.find("EventIdentification")
    assert message.tag == "AuditMessage" and event is not None
    outcome = event.attrib["EventOutcomeIndicator"]
    refused = entry["kind"] in ("refusal", "strangers")
    assert outcome == ("4" if refused else "0")
    assert int(header["pri"]) == 13 * 8 + (4 if refused else 5)
    assert (header["app"], header["id"], header["data"]) == (b"wardlined", b"DICOM+RFC3881", b"-")
    assert header["time"].decode() == event.attrib["EventDateTime"] == entry["time"]
    assert event.attrib["EventActionCode"] in "CRUDE"
    identified = event.find("EventID")
    assert identified is not None and identified.attrib["codeSystemName"] == "DCM"
    assert identified.attrib["csd-code"] in EVENTS
    kinds = [code.attrib["csd-code"] for code in event.iterfind("EventTypeCode")
             if code.attrib["codeSystemName"] == "wardline"]
    assert kinds == [entry["kind"]]
    source = message.find("AuditSourceIdentification")
    assert source is not None and len(source.attrib["AuditSourceID"]) == 32
    details = details_of(message)
    assert (details["seq"], details["leaf"]) == (str(entry["seq"]), entry["leaf"])
    known = entry.get("details", {})
    users = [user.attrib["UserID"] for user in message.iterfind("ActiveParticipant")]
    assert len(users) >= 1
    for key, value in known.items():
        items = value if isinstance(value, list) else [value]
        plain = " ".join(str(item) for item in items)
        visible = re.sub(r"[\x00-\x1f\x7f]", "\ufffd", plain)
        if key in ("actor", "device"):
            assert visible in users, (key, users)
        elif key in ("patient", "thread", "hash"):
            ids = [part.attrib["ParticipantObjectID"]
                   for part in message.iterfind("ParticipantObjectIdentification")]
            assert visible in ids, (key, ids)
        else:
            assert details[key] == plain, (key, details)


def refuses(line: bytes) -> bool:
    """Whether the parser above can say no."""
    try:
        parse(line)
    except (AssertionError, xml.ParseError):
        return True
    return False


def main(samples: str) -> int:
    """Checks every message."""
    def run(form: str) -> list[bytes]:
        out = subprocess.run([samples, "export", form], check=True, capture_output=True).stdout
        return out.removesuffix(b"\n").split(b"\n")
    entries = [json.loads(line) for line in run("jsonl")]
    entries = [entry for entry in entries if "seq" in entry]
    lines = run("syslog")
    for line, entry in zip(lines, entries, strict=True):
        check(line, entry)
    for broken in (lines[0].replace(b">1 ", b">01 "), lines[0].replace(b" - ", b" ", 1),
                   lines[0].replace(b"</AuditMessage>", b""), lines[0].replace(b"\xef\xbb\xbf", b""),
                   lines[0].replace(b"UserID=\"", b"UserID=\"&")):
        assert broken != lines[0] and refuses(broken), broken[:60]
    print(f"{len(lines)} messages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
