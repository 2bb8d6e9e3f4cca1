"""Reads the CSV of an export that has every kind of entry: csv_test.py SAMPLES"""

import csv
import io
import json
import subprocess
import sys

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def run(samples: str, form: str) -> bytes:
    """The export in that form."""
    return subprocess.run([samples, "export", form], check=True, capture_output=True).stdout


def formulas(rows: list[list[str]]) -> list[str]:
    """The cells that a spreadsheet would calculate."""
    return [cell for row in rows for cell in row if cell.startswith(FORMULA)]


def main(samples: str) -> int:
    """Checks every cell against the verifiable export of the same entries."""
    text = run(samples, "csv").decode("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    entries = [json.loads(line) for line in run(samples, "jsonl").splitlines()]
    entries = [entry for entry in entries if "seq" in entry]
    names, cells = rows[0], [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert text.endswith("\r\n") and len(cells) == len(entries) > 60
    assert formulas([["=1+1"]]) == ["=1+1"], "the check cannot fail"
    assert formulas(rows) == []
    assert len(set(names)) == len(names)
    hostile = 0
    for row, entry in zip(cells, entries, strict=True):
        assert (row["seq"], row["recorded"], row["kind"], row["leaf"]) == (
            str(entry["seq"]), entry["time"], entry["kind"], entry["leaf"])
        assert row["erased"] == ("yes" if "erased" in entry else "")
        assert row["address"] == entry.get("address", "")
        for key, value in entry.get("details", {}).items():
            items = value if isinstance(value, list) else [value]
            plain = " ".join(str(item) for item in items)
            hostile += plain.startswith(FORMULA)
            assert row[key] == ("'" + plain if plain.startswith(FORMULA) else plain), (key, row)
        missing = set(names[8:]) - set(entry.get("details", {}))
        assert all(row[key] == "" for key in missing), row
    assert hostile >= 20, hostile
    print(f"{len(cells)} rows of {len(names)} cells, {hostile} hostile ones made texts")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
