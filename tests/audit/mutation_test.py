"""Changes a sound export in every way that a vandal might, and asks both verifiers about each:

    mutation_test.py SAMPLES [MUTATIONS]

The page of Python beside this file and the verifier of the product have to find every change, and
to name the same first entry or range of entries.
"""

import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import trail_format
import verify

trail_format.ed25519.verify = lru_cache(maxsize=None)(trail_format.ed25519.verify)

ENTRIES = 130
Lines = list[str]


def dump(value: dict) -> str:
    """As an export has it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def places(lines: Lines, key: str) -> list[int]:
    """Where the entries (`seq`) or the heads (`head`) stand."""
    return [at for at, line in enumerate(lines) if line.startswith('{"' + key)]


def seq_of(line: str) -> int:
    """The number of an entry."""
    return json.loads(line)["seq"]


def with_leaf(entry: dict) -> dict:
    """The entry with the leaf that it gives."""
    return entry | {"leaf": trail_format.leaf_of(entry).hex()}


def pick(dice: random.Random, lines: Lines, key: str = "seq") -> int:
    """Any entry or head."""
    return dice.choice(places(lines, key))


def pick_full(dice: random.Random, lines: Lines) -> int:
    """Any entry that has its details."""
    return dice.choice([at for at in places(lines, "seq") if '"details":{' in lines[at]])


def change_letter(dice: random.Random, lines: Lines) -> None:
    """One character of a line becomes another."""
    at = dice.randrange(len(lines))
    end = lines[at].find(',"address"')
    place = dice.randrange(len(lines[at]) if end < 0 else end)
    letter = dice.choice([c for c in "0123456789abcdefzZ\"{}[],: -." if c != lines[at][place]])
    lines[at] = lines[at][:place] + letter + lines[at][place + 1:]


def changed_detail(dice: random.Random, entry: dict, proper: bool = False) -> dict:
    """One field says something else; a `proper` one has the form of its kind as before."""
    details = dict(entry["details"])
    listed = {"act", "from"} if proper else set()  # Words and times are not any text.
    key = dice.choice(sorted(set(details) - listed))
    value = details[key]
    if isinstance(value, int):
        details[key] = value + 1
    elif isinstance(value, list):
        details[key] = value[1:] + value[:1] + value[:1]
    elif key in trail_format.SIZES:
        details[key] = value[:-1] + ("0" if value[-1] != "0" else "1")
    else:
        details[key] = value[:-1] + ("5" if value[-1] != "5" else "6")
    return entry | {"details": details}


def change_detail(dice: random.Random, lines: Lines) -> None:
    """A field of an entry; its leaf stays."""
    at = pick_full(dice, lines)
    lines[at] = dump(changed_detail(dice, json.loads(lines[at])))


def change_detail_and_leaf(dice: random.Random, lines: Lines) -> None:
    """A field of an entry, with the leaf that fits it."""
    at = pick_full(dice, lines)
    entry = json.loads(lines[at])
    lines[at] = dump(with_leaf(changed_detail(dice, entry, proper=True)))


def change_leaf(dice: random.Random, lines: Lines) -> None:
    """The stored leaf alone."""
    at = pick(dice, lines)
    lines[at] = dump(json.loads(lines[at]) | {"leaf": dice.randbytes(32).hex()})


def change_kind(dice: random.Random, lines: Lines) -> None:
    """The kind of an entry."""
    at = pick(dice, lines)
    entry = json.loads(lines[at])
    kind = dice.choice([kind for kind in trail_format.KINDS + ["17", ""] if kind != entry["kind"]])
    lines[at] = dump(entry | {"kind": kind})


def change_seq(dice: random.Random, lines: Lines) -> None:
    """The number of an entry."""
    at = pick(dice, lines)
    entry = json.loads(lines[at])
    lines[at] = dump(entry | {"seq": entry["seq"] + dice.choice([-2, -1, 1, 2, 1000, 2**63])})


def shift_time(dice: random.Random, lines: Lines) -> None:
    """The time of an entry, sometimes with the leaf that fits it."""
    at = pick(dice, lines)
    entry = json.loads(lines[at])
    entry["time"] = entry["time"][:-4] + f"{(int(entry['time'][-4:-1]) + 500) % 1000:03}Z"
    lines[at] = dump(with_leaf(entry) if dice.random() < 0.5 else entry)


def delete(dice: random.Random, lines: Lines) -> None:
    """One entry or several."""
    at = pick(dice, lines)
    del lines[at:at + dice.choice([1, 1, 2, 9])]


def insert(dice: random.Random, lines: Lines) -> None:
    """An entry that was never there; what follows is numbered anew, with fitting leaves."""
    at = pick(dice, lines)
    forged = json.loads(lines[at])
    forged = with_leaf(forged | ({"salt": "00" * 16} if "salt" in forged else {"erased": "00" * 32}))
    for after in range(at, len(lines)):
        if lines[after].startswith('{"seq"'):
            entry = json.loads(lines[after])
            lines[after] = dump(with_leaf(entry | {"seq": entry["seq"] + 1}))
    lines.insert(at, dump(forged))
    lines[0] = lines[0].replace(f'"to":{ENTRIES}', f'"to":{ENTRIES + 1}')


def insert_noise(dice: random.Random, lines: Lines) -> None:
    """A line that is nothing."""
    noise = dice.choice(["", "{}", "[]", "null", '{"seq":1}', lines[0], '{"head":{}}', "\ufeff{}"])
    lines.insert(dice.randrange(1, len(lines) + 1), noise)


def swap(dice: random.Random, lines: Lines) -> None:
    """Two entries, or two heads, change places."""
    key = dice.choice(["seq", "seq", "head"])
    a, b = dice.sample(places(lines, key), 2)
    lines[a], lines[b] = lines[b], lines[a]


def clone(dice: random.Random, lines: Lines) -> None:
    """A line stands twice, somewhere."""
    at = dice.randrange(1, len(lines))
    lines.insert(dice.randrange(1, len(lines) + 1), lines[at])


def truncate(dice: random.Random, lines: Lines) -> None:
    """The end is missing, sometimes from the middle of a line."""
    at = dice.randrange(1, len(lines))
    rest = [lines[at][:dice.randrange(1, len(lines[at]))]] if dice.random() < 0.3 else []
    lines[at:] = rest


def truncate_quietly(dice: random.Random, lines: Lines) -> None:
    """The end is missing behind a head, and the first line says so."""
    at = dice.choice([at for at in places(lines, "head")[:-1] if seq_of(lines[at - 1]) > 50])
    lines[0] = lines[0].replace(f'"to":{ENTRIES}', f'"to":{seq_of(lines[at - 1])}')
    del lines[at + 1:]


def swap_details(dice: random.Random, lines: Lines) -> None:
    """Two entries change their details, sometimes with their salts, with fitting leaves or not."""
    a, b = pick_full(dice, lines), pick_full(dice, lines)
    one, other = json.loads(lines[a]), json.loads(lines[b])
    if one["details"] == other["details"] or one["kind"] != other["kind"]:
        return swap_details(dice, lines)
    keys = ["details"] + (["salt"] if dice.random() < 0.5 else [])
    for key in keys:
        one[key], other[key] = other[key], one[key]
    fitting = dice.random() < 0.5
    lines[a], lines[b] = (dump(with_leaf(item) if fitting else item) for item in (one, other))
    return None


def erase(dice: random.Random, lines: Lines) -> None:
    """Details are missing, properly hashed, and no erasure says why."""
    at = pick_full(dice, lines)
    entry = json.loads(lines[at])
    raw = trail_format.cbor({key: bytes.fromhex(value) if key in trail_format.SIZES else
                             trail_format.millis(value) if key == "from" and isinstance(value, str)
                             else value for key, value in entry["details"].items()})
    hidden = sha256(bytes.fromhex(entry["salt"]) + raw).hexdigest()
    lines[at] = dump({key: entry[key] for key in ("seq", "time", "kind", "leaf")}
                     | {"erased": hidden})


def change_erased(dice: random.Random, lines: Lines) -> None:
    """What is left of erased details."""
    at = dice.choice([at for at in places(lines, "seq") if '"erased"' in lines[at]])
    lines[at] = dump(json.loads(lines[at]) | {"erased": dice.randbytes(32).hex()})


def change_head(dice: random.Random, lines: Lines) -> None:
    """Body or signature of a head, or both of another one."""
    at, other = dice.sample(places(lines, "head"), 2)
    head, key = json.loads(lines[at])["head"], dice.choice(["body", "sig"])
    if dice.random() < 0.5:
        place = dice.randrange(len(head[key]))
        letter = dice.choice([c for c in "0123456789abcdef" if c != head[key][place]])
        head[key] = head[key][:place] + letter + head[key][place + 1:]
    else:
        head[key] = json.loads(lines[other])["head"][key]
    lines[at] = dump({"head": head})


def change_first_line(dice: random.Random, lines: Lines) -> None:
    """What the export says that it is."""
    header = json.loads(lines[0])
    header |= dice.choice([
        {"wardline_audit": 2}, {"clinic": "00" * 16}, {"audit_key": "00" * 32}, {"incarnation": 2},
        {"from": 2}, {"from": 0}, {"to": ENTRIES - 1}, {"to": ENTRIES + 1}, {"to": 0},
        {"before": ["00" * 32]}, {"more": 1}])
    lines[0] = dump(header)


MUTATIONS: list[Callable[[random.Random, Lines], None]] = [
    change_letter, change_letter, change_detail, change_detail_and_leaf, change_leaf, change_kind,
    change_seq, shift_time, delete, insert, insert_noise, swap, clone, truncate, truncate_quietly,
    swap_details, erase, change_erased, change_head, change_first_line]
# Only a head from elsewhere shows that a whole end is missing.
NEED_A_WITNESS = {truncate_quietly}


def run(samples: str, *arguments: str) -> str:
    """What the program writes."""
    return subprocess.run([samples, *arguments], check=True, capture_output=True,
                          encoding="utf-8").stdout


def python_says(data: bytes, given: list[dict]) -> tuple[str, str]:
    """First and last entry of the first defect, or "sound", and a sentence."""
    try:
        verify.verify(data, given)
    except verify.Bad as bad:
        return f"{bad.args[0]} {bad.args[1]}", bad.args[2]
    return "sound", ""


def compare(samples: str, witness: Path, files: list[tuple[str, Path]], given: list[dict],
            expected_sound: bool) -> list[str]:
    """What the two say differently, or do not find."""
    wrong = []
    said = run(samples, "verify", str(witness) if given else "-",
               *(str(path) for _, path in files)).splitlines()
    for (name, path), product in zip(files, said, strict=True):
        place, what = python_says(path.read_bytes(), given)
        same = product == "sound" if place == "sound" else product.startswith(place + " ")
        if not same or (place == "sound") != expected_sound:
            wrong.append(f"{name} ({path.name}): product: {product!r}; Python: {place} {what!r}")
    return wrong


def main(samples: str, count: int) -> int:
    """Makes so many mutations and compares."""
    sound = run(samples, "sample", str(ENTRIES)).splitlines()
    witness = run(samples, "witness", str(ENTRIES))
    given = [json.loads(witness)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "witness").write_text(witness, encoding="utf-8")

        def keep(name: str, lines: Lines) -> Path:
            path = folder / name
            path.write_text("".join(line + "\n" for line in lines), encoding="utf-8",
                            newline="\n")
            return path

        # The export as it is, and with changes that are none.
        at = next(at for at, line in enumerate(sound) if '"address"' in line)
        elsewhere = list(sound)
        elsewhere[at] = dump(json.loads(sound[at]) | {"address": "198.51.100.7"})
        spaced = [json.dumps(json.loads(line), sort_keys=True) for line in sound]
        harmless = [("sound", keep("sound", sound)), ("address", keep("address", elsewhere)),
                    ("spaced", keep("spaced", spaced))]
        wrong = compare(samples, folder / "witness", harmless, given, True)
        wrong += compare(samples, folder / "witness", harmless, [], True)

        files, alone, made = [], [], Counter()
        for number in range(count):
            mutate = MUTATIONS[number % len(MUTATIONS)]
            dice = random.Random(number)
            lines = list(sound)
            while lines == sound:
                mutate(dice, lines)
            made[mutate.__name__] += 1
            files.append((mutate.__name__, keep(f"{number:04}", lines)))
            if mutate not in NEED_A_WITNESS:
                alone.append(files[-1])
        wrong += compare(samples, folder / "witness", files, given, False)
        wrong += compare(samples, folder / "witness", alone, [], False)
    for line in wrong:
        print(line)
    print(f"{count} mutations of {len(made)} sorts, {len(wrong)} not found or not agreed on")
    return 1 if wrong or min(made.values()) < 5 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400))
