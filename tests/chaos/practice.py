"""A practice to be hurt: a server, staff and patients with several devices each."""

from __future__ import annotations

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from programs import Failure, Person, Server, free_port, run_json

TEAM = "practice"


@dataclass
class Practice:
    """Everything below one folder: `server`, `people`, and `practice.json` that describes it."""

    programs: Path
    folder: Path
    server: Server
    staff: list[Person]
    patients: list[Person]  # Every device of every patient.

    @property
    def people(self) -> list[Person]:
        return self.staff + self.patients

    @property
    def patient_ids(self) -> list[str]:
        return sorted({person.patient for person in self.patients if person.patient})

    def wardline(self, person: Person, *arguments: str, text: str | None = None) -> dict:
        return run_json(person.command(self.programs / "wardline", *arguments), text)

    @property
    def administrator(self) -> Person:
        return Person("admin", self.folder / "people" / "admin", None)

    def admin(self, *arguments: str) -> dict:
        return run_json(self.administrator.command(self.programs / "wardline-admin", *arguments))


def open_practice(programs: Path, folder: Path) -> Practice:
    """What `build` or `copy` left in the folder; the server does not run."""
    facts = json.loads((folder / "practice.json").read_text(encoding="utf-8"))
    home = folder / "people"

    def person(name: str, patient: str | None) -> Person:
        return Person(name, home / name, patient)

    return Practice(
        programs, folder, Server(programs, folder / "server", facts["port"]),
        [person(name, None) for name in facts["staff"]],
        [person(name, patient) for name, patient in facts["patients"]])


def copy_practice(programs: Path, source: Path, target: Path) -> Practice:
    """A practice of one's own to be destroyed."""
    subprocess.run(["cp", "-a", "--reflink=auto", source, target], check=True)
    return open_practice(programs, target)


def found(practice: Practice) -> None:
    """The clinic and its administrator."""
    server = practice.server
    token = subprocess.run(
        [practice.programs / "wardlined", "setup-token", "--data", server.data],
        check=True, capture_output=True, text=True).stdout.split("\n")[0]
    keys = practice.folder / "keys"
    keys.mkdir()
    for name in ("root", "vault"):
        password = keys / f"{name}.password"
        password.touch(mode=0o600)
        password.write_text(f"a passphrase of the {name} key\n", encoding="utf-8")
    practice.admin(
        "init", "--server", f"127.0.0.1:{server.port}", "--token", token,
        "--clinic", "Praxis Nord",
        "--root-out", str(keys / "root.key"), "--root-password-file", str(keys / "root.password"),
        "--vault-out", str(keys / "vault.key"),
        "--vault-password-file", str(keys / "vault.password"))


def hire(practice: Practice) -> None:
    """The staff: the first one founds the team's key and admits the others."""
    first, *others = practice.staff
    invite = practice.admin("staff", "invite", first.name, "--role", "clinician")
    practice.admin("team", "create", TEAM, "--founders", first.name)
    practice.wardline(first, "enrol", invite["uri"])
    for person in others:
        invite = practice.admin("staff", "invite", person.name, "--role", "clinician",
                                "--team", TEAM)
        practice.wardline(person, "enrol", invite["uri"])
        practice.wardline(first, "team", "admit", person.name, "--team", TEAM, "--yes")


def welcome(practice: Practice, patient: str, by: Person) -> None:
    """A patient with all their devices, each admitted by the first."""
    first, *others = [p for p in practice.patients if p.patient == patient]
    invite = practice.wardline(by, "patient", "invite", patient, "--team", TEAM)
    practice.wardline(first, "enrol", invite["uri"])
    for person in others:
        invite = practice.wardline(first, "device", "add")
        practice.wardline(person, "enrol", invite["uri"])
    practice.wardline(first, "status")
    for person in others:
        status = practice.wardline(person, "status")
        if not status["confirmed"]:
            raise Failure(f"{person.name} is not confirmed")


def build_practice(programs: Path, folder: Path, staff: int, patients: int,
                   devices: int) -> Practice:
    """Makes it with the programs alone, and stops its server in order."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "people").mkdir(parents=True)
    facts = {
        "port": free_port(),
        "staff": [f"nurse-{number}" for number in range(1, staff + 1)],
        "patients": [(f"p{number}-{device}", f"P-{number}") for number in range(1, patients + 1)
                     for device in range(1, devices + 1)],
    }
    (folder / "practice.json").write_text(json.dumps(facts), encoding="utf-8")
    practice = open_practice(programs, folder)
    practice.server.start()
    try:
        found(practice)
        hire(practice)

        def welcome_share(number: int) -> None:
            for patient in practice.patient_ids[number::len(practice.staff)]:
                welcome(practice, patient, practice.staff[number])

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(welcome_share, range(len(practice.staff))))
        practice.server.stop()
    finally:
        practice.server.kill()
    return practice
