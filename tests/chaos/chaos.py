#!/usr/bin/env python3
"""Faults against the real programs. See README.md beside this file.

    chaos.py --programs DIR practice DIR             make the practice that the others copy
    chaos.py --programs DIR kills [--count N] [--seed N]
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

from kills import run_kills
from power import UNSAFE, run_control, run_cuts
from practice import build_practice, copy_practice
from programs import Failure, NotRun

STAFF, PATIENTS, DEVICES = 5, 15, 3  # Fifty devices.
NOT_RUN = 77
CUTS_A_ROUND = 10
KILLS_A_ROUND = 20  # Then everybody reads, and a new practice begins.


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


def kills(arguments: argparse.Namespace) -> None:
    dice = arguments.seed
    left = arguments.count
    while left > 0:
        share = min(left, KILLS_A_ROUND)
        print(f"kills: seed {dice}, {share} of {arguments.count}", flush=True)
        with private_practice(arguments) as practice:
            print(f"kills: {run_kills(practice, dice, share)}", flush=True)
        left -= share
        dice += 1


def power(arguments: argparse.Namespace) -> None:
    for kind in arguments.controls:
        with private_practice(arguments) as practice:
            print(f"power: {run_control(practice, kind)}", flush=True)
    seed, left = arguments.seed, arguments.count
    while left > 0:
        share = min(left, CUTS_A_ROUND)
        print(f"power: seed {seed}, {share} of {arguments.count}", flush=True)
        with private_practice(arguments) as practice:
            print(f"power: {run_cuts(practice, seed, share)}", flush=True)
        left -= share
        seed += 1


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
