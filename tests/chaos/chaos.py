#!/usr/bin/env python3
"""Faults against the real programs. See README.md beside this file.

    chaos.py --programs DIR practice DIR             make the practice that the others copy
    chaos.py --programs DIR kills [--count N] [--seed N]
    chaos.py --programs DIR canaries [--count N]
    chaos.py --programs DIR flat [--teams FEW MANY]
    chaos.py --programs DIR disk-full | frozen | sync-error
    chaos.py --programs DIR power [--count N] [--seed N] [--controls KIND,KIND]
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from canaries import run_canaries
from faults import run_disk_full, run_frozen, run_sync_error
from flat import compare
from kills import Kills, run_kills
from power import UNSAFE, Cuts, run_control, run_cuts
from practice import build_practice, copy_practice
from programs import Failure, NotRun

STAFF, PATIENTS, DEVICES = 5, 15, 3  # Fifty devices.
NOT_RUN = 77
CUTS_A_ROUND = 10
KILLS_A_ROUND = 20  # Then everybody reads, and a new practice begins.

FAULTS = {"disk-full": run_disk_full, "frozen": run_frozen, "sync-error": run_sync_error}


@contextmanager
def private_practice(arguments: argparse.Namespace):
    """A copy to be destroyed, gone afterwards unless something failed."""
    folder = Path(tempfile.mkdtemp(prefix="wl-chaos-", dir=arguments.below))
    try:
        if arguments.practice is None:
            arguments.practice = folder / "original"
            build_practice(arguments.programs, arguments.practice, STAFF, PATIENTS, DEVICES)
        yield copy_practice(arguments.programs, arguments.practice, folder / "copy")
    except Failure:
        print(f"what is left of it: {folder}", file=sys.stderr)
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder / "copy", ignore_errors=True)
    if arguments.practice.parent != folder:
        shutil.rmtree(folder, ignore_errors=True)


def in_rounds(arguments: argparse.Namespace, most: int, run, total) -> None:
    """Each round has a fresh practice, the next seed, and all the checks."""
    seed, left = arguments.seed, arguments.count
    while left > 0:
        share = min(left, most)
        print(f"{arguments.command}: seed {seed}, {share} of {arguments.count}", flush=True)
        with private_practice(arguments) as practice:
            total = total + run(practice, seed, share)
        seed, left = seed + 1, left - share
        print(f"{arguments.command}: {total}", flush=True)


def kills(arguments: argparse.Namespace) -> None:
    in_rounds(arguments, KILLS_A_ROUND, run_kills, Kills())


def power(arguments: argparse.Namespace) -> None:
    for kind in arguments.controls:
        with private_practice(arguments) as practice:
            print(f"power: {run_control(practice, kind)}", flush=True)
    in_rounds(arguments, CUTS_A_ROUND, run_cuts, Cuts())


def canaries(arguments: argparse.Namespace) -> None:
    with private_practice(arguments) as practice:
        print(f"canaries: {run_canaries(practice, arguments.count)}", flush=True)


def flat(arguments: argparse.Namespace) -> None:
    folder = Path(tempfile.mkdtemp(prefix="wl-chaos-", dir=arguments.below))
    try:
        few, many = (build_practice(arguments.programs, folder / str(staff), staff, 1, 1)
                     for staff in arguments.teams)
        print(f"flat: {compare(few, many)}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fault(arguments: argparse.Namespace) -> None:
    with private_practice(arguments) as practice:
        print(f"{arguments.command}: {FAULTS[arguments.command](practice)}", flush=True)


def practice(arguments: argparse.Namespace) -> None:
    build_practice(arguments.programs, arguments.folder, STAFF, PATIENTS, DEVICES)
    print(f"practice: {STAFF} staff and {PATIENTS} patients with {DEVICES} devices each")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Faults against the real programs.")
    parser.add_argument("--programs", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("--practice", type=lambda text: Path(text).resolve(),
                        help="one that was made already; it is copied")
    parser.add_argument("--below", type=Path, default=Path("/var/tmp"),
                        help="where copies go (their paths have to be short)")
    commands = parser.add_subparsers(dest="command", required=True)

    def seeded(name: str, run, count: int) -> argparse.ArgumentParser:
        command = commands.add_parser(name)
        command.add_argument("--count", type=int, default=count)
        command.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
        command.set_defaults(run=run)
        return command

    make = commands.add_parser("practice")
    make.add_argument("folder", type=Path)
    make.set_defaults(run=practice)
    for name in FAULTS:
        commands.add_parser(name).set_defaults(run=fault)
    marked = commands.add_parser("canaries")
    marked.add_argument("--count", type=int, default=100)
    marked.set_defaults(run=canaries)
    team = commands.add_parser("flat")
    team.add_argument("--teams", type=int, nargs=2, default=[2, 50],
                      help="devices of the smaller and the larger team")
    team.set_defaults(run=flat)
    seeded("kills", kills, 5)
    cuts = seeded("power", power, 1)
    cuts.add_argument("--controls", default=list(UNSAFE),
                      type=lambda text: [kind for kind in text.split(",") if kind],
                      help="those that must lose messages; all of them unless given")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    began = time.monotonic()
    try:
        arguments.run(arguments)
    except NotRun as lack:
        print(f"{arguments.command}: NOT RUN on this machine: {lack}", flush=True)
        return NOT_RUN
    except Failure as failure:
        print(f"{arguments.command}: FAILED: {failure}", flush=True)
        return 1
    print(f"{arguments.command}: done in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
