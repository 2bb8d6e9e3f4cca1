"""Checks the FHIR R4 resources of an export that has every kind of entry against HL7's JSON schema:

    fhir_test.py SAMPLES FOLDER

The schema is kept in FOLDER (fhir_schema.py).
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema

from fhir_schema import audit_events

KINDS = 16


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
    validator = audit_events(Path(folder))
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
