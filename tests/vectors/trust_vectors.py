#!/usr/bin/env python3
"""Writes the vectors of trust: cbor.json, statements.json, chains.json, boxes.json.

An implementation of docs/protocol.md sections 1 to 7 of its own, as far as making goes: it shares no code with protocol/.
Run it after a change of the protocol, and never to make a failing test pass.
"""

import base64
import copy
import json

from message_vectors import (
    FOLDER, cbor, derive, hexed, public_of, seal_box, sign, signing_key_of, some_bytes, wardline_hash,
)

DAY = 24 * 60 * 60 * 1000
START = 1_700_000_000_000
CLASSES = ("appointment", "clinical", "photo", "admin", "marketing", "internal")
CLINIC = some_bytes("trust clinic", 16)


# --- Statements -----------------------------------------------------------------------------------
def statement_hash(body):
    return wardline_hash("wardline/1 statement", body)


class Signer:
    """Anyone with a signing key: root, a device, an invite."""

    def __init__(self, seed):
        self.seed = seed
        self.key = signing_key_of(seed)


class Device(Signer):
    def __init__(self, label, account):
        super().__init__(some_bytes(label + " signing", 32))
        self.account = account
        self.box_secret = some_bytes(label + " box", 32)
        self.box = public_of(self.box_secret)
        self.identity = b"\x05" + public_of(some_bytes(label + " identity", 32))
        self.id = wardline_hash("wardline/1 device id", self.key)[:16]

    def keys(self):
        return {"signing": self.key, "identity": self.identity, "box": self.box}

    def pop(self, by):
        return sign(self.seed, "wardline/1 possession", CLINIC + by.key + self.identity + self.box)

    def fingerprint(self):
        return fingerprint(self.key + self.identity + self.box)


def fingerprint(data):
    digits = wardline_hash("wardline/1 fingerprint", data)[:15].hex()
    return " ".join(digits[at:at + 5] for at in range(0, 30, 5))


class Invite(Signer):
    def __init__(self, label):
        self.secret = some_bytes(label, 16)
        super().__init__(derive(self.secret, "wardline/1 invite key", b""))


ROOT = Signer(some_bytes("trust root", 32))
AUDIT = Signer(some_bytes("trust audit", 32))
VAULT_SECRET = some_bytes("trust vault", 32)
VAULT = public_of(VAULT_SECRET)
GENESIS = {
    "name": "Praxis Dr. Müller",
    "root": ROOT.key,
    "vault": VAULT,
    "audit": AUDIT.key,
    "tls": some_bytes("trust tls", 32),
    "retention": {name: 30 * (n + 1) for n, name in enumerate(CLASSES)},
}


class Clinic:
    """The journal of one clinic: makes statements and remembers their hashes, checks no rule."""

    def __init__(self):
        self.seq = 0
        self.time = START
        self.heads = {}
        self.entries = []
        self.epochs = {}
        self.invites = {}

    def copy(self):
        return copy.deepcopy(self)

    def body(self, chain, kind, by, data, **changes):
        pos, prev = self.heads.get(chain, (-1, bytes(32)))
        body = {
            "v": 1, "type": kind, "clinic": CLINIC, "chain": chain, "pos": pos + 1, "prev": prev,
            "time": self.time, "by": by.key, "data": data,
        }
        if chain != "clinic":
            clinic_pos, clinic_hash = self.heads["clinic"]
            body["head"] = {"pos": clinic_pos, "hash": clinic_hash}
        return body | changes

    def add(self, chain, kind, by, data, **changes):
        """The next statement of the chain; returns its hash."""
        encoded = cbor(self.body(chain, kind, by, data, **changes))
        return self.add_raw(chain, encoded, sign(by.seed, "wardline/1 statement", encoded))

    def add_raw(self, chain, encoded, signature):
        self.seq += 1
        statement = cbor({"body": encoded, "sig": signature})
        self.entries.append(
            {"seq": self.seq, "time": self.time, "chain": chain, "statement": statement}
        )
        made = statement_hash(encoded)
        pos = self.heads.get(chain, (-1, b""))[0]
        self.heads[chain] = (pos + 1, made)
        self.time += 1000
        return made

    def invite(self, chain, by, label, account, role="clinician", teams=()):
        invite = Invite(label)
        data = {"account": account, "key": invite.key, "expires": self.time + 3 * DAY}
        if chain == "clinic":
            data |= {"role": role, "teams": list(teams)}
        return invite, self.add(chain, "invite", by, data)

    def grant(self, chain, invite, statement, device, role):
        return self.add(chain, "grant", invite, {
            "account": device.account, "role": role, "device": device.keys(),
            "pop": device.pop(invite), "invite": statement,
        })

    def enrol(self, chain, by, label, account, role="clinician", approved_by=None):
        device = Device(label, account)
        invite, statement = self.invite(chain, by, label + " invite", account, role)
        self.invites[label] = statement
        if approved_by is not None:
            self.add("clinic", "approve", approved_by, {"proposal": statement})
        self.grant(chain, invite, statement, device, role)
        return device

    def epoch_data(self, team, patient, devices):
        reader = "team:" + team if team else "patient/" + patient
        before = self.epochs.get(reader)
        number = before["number"] + 1 if before else 1
        secret = some_bytes(f"{reader} epoch {number}", 32)
        boxes = epoch_boxes(
            reader, number, secret, sorted(devices, key=lambda each: each.id),
            before["secret"] if before else None,
        )
        data = {
            "number": number, "key": public_of(secret),
            "prev": before["hash"] if before else bytes(32),
            "devices": sorted(each.id for each in devices),
            "boxes": wardline_hash("wardline/1 epoch boxes", b"".join(boxes)),
        }
        if team:
            data["team"] = team
        return reader, data, {"number": number, "secret": secret}

    def epoch(self, by, devices, team=None, patient=None):
        reader, data, made = self.epoch_data(team, patient, devices)
        chain = "clinic" if team else "patient/" + patient
        made["hash"] = self.add(chain, "epoch", by, data)
        self.epochs[reader] = made
        return made["hash"]

    def admit(self, by, device, team=None, patient=None):
        reader = "team:" + team if team else "patient/" + patient
        epoch = self.epochs[reader]
        context = epoch_context(reader, epoch["number"], public_of(epoch["secret"]))
        box = seal_box(epoch["secret"], device.box, "wardline/1 epoch box", context)
        data = {
            "device": device.id, "epoch": epoch["hash"],
            "box": wardline_hash("wardline/1 epoch boxes", box),
        }
        if team:
            data["team"] = team
        return self.add("clinic" if team else "patient/" + patient, "admit", by, data)


def epoch_context(reader, number, key):
    return reader.encode() + b"\0" + number.to_bytes(8, "big") + key


def epoch_boxes(reader, number, secret, devices, previous):
    context = epoch_context(reader, number, public_of(secret))
    boxes = [
        seal_box(secret, key, "wardline/1 epoch box", context)
        for key in [each.box for each in devices] + [VAULT]
    ]
    if previous is not None:
        boxes.append(
            seal_box(previous, public_of(secret), "wardline/1 previous epoch box", context)
        )
    return boxes


# --- A clinic with a team and a patient -----------------------------------------------------------
class Scene:
    def __init__(self):
        self.clinic = clinic = Clinic()
        clinic.add("clinic", "genesis", ROOT, GENESIS)
        self.admin = Device("admin", "s:admin")
        clinic.add("clinic", "grant", ROOT, {
            "account": "s:admin", "role": "admin", "device": self.admin.keys(),
            "pop": self.admin.pop(ROOT),
        })
        self.officer = clinic.enrol("clinic", self.admin, "officer", "s:officer", "manager", ROOT)
        self.nurse = clinic.enrol("clinic", self.admin, "nurse", "s:nurse")
        self.doctor = clinic.enrol("clinic", self.admin, "doctor", "s:doctor")
        clinic.add("clinic", "team", self.admin, {"team": "ward", "founders": ["s:nurse"]})
        clinic.epoch(self.nurse, [self.nurse], team="ward")
        clinic.admit(self.nurse, self.doctor, team="ward")
        clinic.add("patient/P-1042", "patient", self.nurse, {
            "patient": "P-1042", "thread": some_bytes("trust thread", 16), "teams": ["ward"],
        })
        self.phone = clinic.enrol("patient/P-1042", self.nurse, "phone", "p:P-1042", "patient")
        clinic.epoch(self.phone, [self.phone], patient="P-1042")
        self.tablet = clinic.enrol("patient/P-1042", self.nurse, "tablet", "p:P-1042", "patient")

    def copy(self):
        return copy.deepcopy(self)

    def add(self, kind, by, data, **changes):
        return self.clinic.add("clinic", kind, by, data, **changes)

    def add_patient(self, kind, by, data, **changes):
        self.clinic.add("patient/P-1042", kind, by, data, **changes)


def slots(*names):
    return [
        {"to": name, "epoch": epoch} if epoch else {"to": name} for name, epoch in names
    ]


def chain_vectors():
    base = Scene()
    cases = []

    def case(name, expected, act, readers=None, audit=None):
        scene = base.copy()
        act(scene)
        more = scene.clinic.entries[len(base.clinic.entries):]
        made = {"name": name, "entries": more, "last": expected}
        if audit:
            made["audit"] = audit
        if readers:
            made["readers"] = {"patient": "P-1042", "all": readers(scene)}
        cases.append(made)

    def current(scene, reader):
        return scene.clinic.epochs[reader]["hash"]

    def with_both_epochs(scene):
        return slots(
            ("team:ward", current(scene, "team:ward")),
            ("patient", current(scene, "patient/P-1042")),
            ("vault", None),
        )

    def confirm(scene, by, shown=None):
        scene.add_patient("identity-confirm", by, {
            "device": scene.tablet.id, "fingerprint": shown or scene.tablet.fingerprint(),
        })

    def stranger_invite(scene, by, **more):
        data = {
            "account": "s:new", "role": "clinician", "teams": [], "key": Invite("new").key,
            "expires": scene.clinic.time + DAY,
        }
        scene.add("invite", by, data | more)

    def revoked_doctor(scene):
        scene.add("revoke", scene.officer, {"device": scene.doctor.id})

    case("a clinic, a team and a patient with two devices", "ok", lambda s: None, with_both_epochs)
    case(
        "a revocation voids the team's epoch", "ok", revoked_doctor,
        lambda s: slots(
            ("device:" + s.nurse.id.hex(), None),
            ("patient", current(s, "patient/P-1042")), ("vault", None),
        ),
    )

    def next_epoch(scene):
        revoked_doctor(scene)
        scene.clinic.epoch(scene.nurse, [scene.nurse], team="ward")

    case("and a member makes the next one", "ok", next_epoch, with_both_epochs)
    case(
        "a member of the team confirms the second device", "ok", lambda s: confirm(s, s.doctor),
        lambda s: slots(
            ("team:ward", current(s, "team:ward")),
            *[
                ("device:" + each.id.hex(), None)
                for each in sorted((s.phone, s.tablet), key=lambda each: each.id)
            ],
            ("vault", None),
        ),
    )
    case(
        "the first device admits the second", "ok",
        lambda s: s.clinic.admit(s.phone, s.tablet, patient="P-1042"), with_both_epochs,
    )

    def used_twice(scene):
        invite = Invite("nurse invite")
        scene.clinic.grant(
            "clinic", invite, scene.clinic.invites["nurse"], Device("thief", "s:nurse"),
            "clinician",
        )

    def pending(scene):
        invite, statement = scene.clinic.invite(
            "clinic", scene.admin, "third", "s:third", "manager"
        )
        scene.clinic.grant("clinic", invite, statement, Device("third", "s:third"), "manager")

    def expired(scene):
        invite, statement = scene.clinic.invite("clinic", scene.admin, "late", "s:late")
        scene.clinic.time += 3 * DAY
        scene.clinic.grant("clinic", invite, statement, Device("late", "s:late"), "clinician")

    def forged(scene):
        body = cbor(scene.clinic.body("clinic", "revoke", scene.admin, {"device": scene.nurse.id}))
        scene.clinic.add_raw("clinic", body, sign(scene.nurse.seed, "wardline/1 statement", body))

    def other_domain(scene):
        body = cbor(scene.clinic.body("clinic", "revoke", scene.admin, {"device": scene.nurse.id}))
        scene.clinic.add_raw("clinic", body, sign(scene.admin.seed, "wardline/1 message", body))

    def own_approval(scene):
        _, statement = scene.clinic.invite("clinic", scene.admin, "third", "s:third", "manager")
        scene.add("approve", scene.admin, {"proposal": statement})

    def root_approval(scene):
        _, statement = scene.clinic.invite("clinic", scene.admin, "third", "s:third", "manager")
        scene.add("approve", ROOT, {"proposal": statement})

    def second_first_epoch(scene):
        _, data, _ = scene.clinic.epoch_data("ward", None, [scene.nurse, scene.doctor])
        scene.add("epoch", scene.nurse, data | {"number": 1, "prev": bytes(32)})

    def epoch_without_doctor(scene):
        scene.clinic.epoch(scene.nurse, [scene.nurse], team="ward")

    def stolen_phone(scene):
        revoked_doctor(scene)
        confirm(scene, scene.doctor)

    def low_order(scene):
        device = Device("weak", "s:weak")
        device.box = bytes(32)
        invite, statement = scene.clinic.invite("clinic", scene.admin, "weak", "s:weak")
        scene.clinic.grant("clinic", invite, statement, device, "clinician")

    days = 30 * len(CLASSES) + 365

    def keep_audit(scene, by, number):
        return scene.add("audit-retention", by, {"days": number})

    def erase_audit(scene, by, to):
        return scene.add("audit-erase", by, {
            "thread": some_bytes("trust thread", 16), "from": 2, "to": to,
            "reason": "subject-request",
        })

    def approved(act, by, *more):
        def both(scene):
            proposal = act(scene, scene.officer, *more)
            scene.add("approve", by(scene), {"proposal": proposal})
        return both

    def audit(kept, *erased):
        return {"days": kept, "erased": [list(each) for each in erased]}

    case(
        "details are kept for longer by one person", "ok",
        lambda s: keep_audit(s, s.officer, days + 1), audit=audit(days + 1),
    )
    case(
        "and for a shorter time not yet", "ok",
        lambda s: keep_audit(s, s.officer, days - 1), audit=audit(days),
    )
    case(
        "but once another has approved", "ok",
        approved(keep_audit, lambda s: s.admin, days - 1), audit=audit(days - 1),
    )
    case(
        "details are kept for the time that they are", "bad_statement",
        lambda s: keep_audit(s, s.officer, days),
    )
    case(
        "a decision to erase that nobody approved", "ok",
        lambda s: erase_audit(s, s.officer, 9), audit=audit(days),
    )
    case(
        "a decision of two to erase", "ok", approved(erase_audit, lambda s: s.admin, 9),
        audit=audit(days, (2, 9)),
    )
    case(
        "its author approves it", "forbidden", approved(erase_audit, lambda s: s.officer, 9),
    )
    case(
        "a decision to erase what is not written yet", "bad_statement",
        lambda s: erase_audit(s, s.officer, s.clinic.entries[-1]["seq"] + 1),
    )
    case("a nurse decides to erase", "forbidden", lambda s: erase_audit(s, s.nurse, 9))
    case("the administrator approves their own proposal", "forbidden", own_approval)
    case("root approves although two people are needed", "forbidden", root_approval)
    case("a nurse invites a colleague", "forbidden", lambda s: stranger_invite(s, s.nurse))
    case(
        "an invite for 31 days", "bad_statement",
        lambda s: stranger_invite(s, s.admin, expires=s.clinic.time + 31 * DAY),
    )
    case("an invite used a second time", "invite_used", used_twice)
    case("an invite used before its approval", "invite_pending", pending)
    case("an invite used when it has expired", "invite_expired", expired)
    case("a device with a box key of low order", "bad_statement", low_order)
    case("a statement signed by somebody else", "bad_signature", forged)
    case("a signature from another domain", "bad_signature", other_domain)
    case(
        "a position that is taken", "chain_moved",
        lambda s: s.add("disable", s.admin, {"account": "s:nurse"}, pos=3),
    )
    case(
        "another predecessor", "chain_moved",
        lambda s: s.add("disable", s.admin, {"account": "s:nurse"}, prev=bytes(32)),
    )
    case(
        "a statement of another clinic", "bad_statement",
        lambda s: s.add("disable", s.admin, {"account": "s:nurse"}, clinic=bytes(16)),
    )
    case(
        "a second genesis", "bad_statement", lambda s: s.add("genesis", ROOT, GENESIS),
    )
    case("an epoch with a number that was", "bad_statement", second_first_epoch)
    case("an epoch that leaves a member out", "bad_statement", epoch_without_doctor)
    case(
        "an administrator admits themselves", "forbidden",
        lambda s: s.clinic.admit(s.admin, s.admin, team="ward"),
    )
    case(
        "somebody outside the team confirms a device", "forbidden",
        lambda s: confirm(s, s.admin),
    )
    case(
        "a confirmation of another fingerprint", "bad_statement",
        lambda s: confirm(s, s.nurse, s.phone.fingerprint()),
    )
    case("a revoked member confirms a device", "forbidden", stolen_phone)
    case(
        "a device that is not confirmed makes an epoch", "forbidden",
        lambda s: s.clinic.epoch(s.tablet, [s.phone, s.tablet], patient="P-1042"),
    )
    case(
        "a device that is not confirmed revokes the first", "forbidden",
        lambda s: s.add_patient("revoke", s.tablet, {"device": s.phone.id}),
    )
    case(
        "a patient's statement that names an unknown clinic head", "bad_statement",
        lambda s: s.add_patient(
            "revoke", s.phone, {"device": s.tablet.id}, head={"pos": 1, "hash": bytes(32)}
        ),
    )
    return {"clinic": CLINIC, "base": base.clinic.entries, "cases": cases}


# --- Statements by type, and malformed ones -------------------------------------------------------
def statement_vectors():
    scene = Scene()
    hash_of = lambda label: some_bytes(label, 32)
    samples = [
        ("clinic", "genesis", ROOT, GENESIS),
        ("clinic", "grant", ROOT, {
            "account": "s:admin", "role": "admin", "device": scene.admin.keys(),
            "pop": scene.admin.pop(ROOT),
        }),
        ("clinic", "invite", scene.admin, {
            "account": "s:new", "role": "reception", "teams": ["ward", "lab"],
            "key": Invite("sample").key, "expires": START + DAY,
        }),
        ("clinic", "role", scene.admin, {"account": "s:nurse", "role": "reception"}),
        ("clinic", "team", scene.admin, {"team": "lab", "founders": ["s:nurse", "s:doctor"]}),
        ("clinic", "admit", scene.nurse, {
            "team": "ward", "device": scene.admin.id, "epoch": hash_of("epoch"),
            "box": hash_of("box"),
        }),
        ("clinic", "epoch", scene.nurse, {
            "team": "ward", "number": 2, "key": public_of(hash_of("key")), "prev": hash_of("prev"),
            "devices": sorted([scene.nurse.id, scene.doctor.id]), "boxes": hash_of("boxes"),
        }),
        ("clinic", "team-remove", scene.admin, {"team": "ward", "account": "s:doctor"}),
        ("clinic", "revoke", scene.admin, {"device": scene.doctor.id}),
        ("clinic", "disable", scene.admin, {"account": "s:doctor"}),
        ("clinic", "approve", scene.officer, {"proposal": hash_of("proposal")}),
        ("clinic", "object", scene.officer, {"proposal": hash_of("proposal")}),
        ("clinic", "audit-retention", scene.officer, {"days": 400}),
        ("clinic", "audit-erase", scene.officer, {
            "thread": some_bytes("trust thread", 16), "from": 2, "to": 9,
            "reason": "subject-request",
        }),
        ("patient/P-1042", "patient", scene.nurse, {
            "patient": "P-1042", "thread": some_bytes("trust thread", 16), "teams": ["ward"],
        }),
        ("patient/P-1042", "invite", scene.phone, {
            "account": "p:P-1042", "key": Invite("sample").key, "expires": START + DAY,
        }),
        ("patient/P-1042", "epoch", scene.phone, {
            "number": 1, "key": public_of(hash_of("key")), "prev": bytes(32),
            "devices": [scene.phone.id], "boxes": hash_of("boxes"),
        }),
        ("patient/P-1042", "admit", scene.phone, {
            "device": scene.tablet.id, "epoch": hash_of("epoch"), "box": hash_of("box"),
        }),
        ("patient/P-1042", "identity-confirm", scene.nurse, {
            "device": scene.tablet.id, "fingerprint": scene.tablet.fingerprint(),
        }),
    ]
    good = []
    for chain, kind, by, data in samples:
        body = cbor(scene.clinic.body(chain, kind, by, data))
        signature = sign(by.seed, "wardline/1 statement", body)
        good.append({
            "type": kind, "chain": chain, "secret": by.seed, "by": by.key, "body": body,
            "sig": signature, "hash": statement_hash(body),
            "statement": cbor({"body": body, "sig": signature}),
        })
    return {"good": good, "bad": malformed_statements(scene)}


def malformed_statements(scene):
    good = scene.clinic.body("clinic", "revoke", scene.admin, {"device": scene.doctor.id})
    epoch = scene.clinic.body("clinic", "epoch", scene.nurse, {
        "team": "ward", "number": 2, "key": bytes(32), "prev": bytes(32),
        "devices": [b"\2" * 16, b"\1" * 16], "boxes": bytes(32),
    })
    team = {"team": "lab", "founders": ["s:nurse", "s:nurse"]}
    patient = scene.clinic.body("patient/P-1042", "revoke", scene.phone, {"device": bytes(16)})
    no_head = {key: value for key, value in patient.items() if key != "head"}
    erase = {
        "thread": bytes(16), "from": 2, "to": 9, "reason": "court-order",
    }
    erasure = lambda **changes: good | {"type": "audit-erase", "data": erase | changes}
    cases = [
        ("version 2", good | {"v": 2}),
        ("a key too many", good | {"more": 1}),
        ("a key too many in the data", good | {"data": {"device": bytes(16), "more": 1}}),
        ("a key too few", {key: value for key, value in good.items() if key != "time"}),
        ("an unknown type", good | {"type": "revoked"}),
        ("a reserved type", good | {"type": "hold"}),
        ("a type of the other chain", good | {"type": "patient"}),
        ("a reserved chain", good | {"chain": "office"}),
        ("a head in the clinic's chain", good | {"head": patient["head"]}),
        ("no head in a patient's chain", no_head),
        ("a short id", good | {"data": {"device": bytes(15)}}),
        ("text for bytes", good | {"data": {"device": "x" * 16}}),
        ("a negative position", good | {"pos": -1}),
        ("devices that are not sorted", epoch),
        ("a founder twice", good | {"type": "team", "data": team}),
        ("no founder", good | {"type": "team", "data": {"team": "lab", "founders": []}}),
        ("a retention of no days", good | {"type": "audit-retention", "data": {"days": 0}}),
        ("a range that ends before it begins", erasure(to=1)),
        ("entries from 0 on", erasure(**{"from": 0})),
        ("a reason that is none of the list", erasure(reason="tidiness")),
        ("a name with a space", good | {"type": "disable", "data": {"account": "s:a b"}}),
    ]
    return [{"name": name, "body": cbor(body)} for name, body in cases]


# --- Boxes, invites, fingerprints, logins ---------------------------------------------------------
def box_vectors():
    scene = Scene()
    boxes = []
    for number, (domain, context) in enumerate((
        ("wardline/1 reader slot", some_bytes("header hash", 32)),
        ("wardline/1 vault slot", some_bytes("header hash", 32)),
        ("wardline/1 epoch box", epoch_context("team:ward", 1, some_bytes("key", 32))),
        ("wardline/1 reader slot", b""),
    )):
        reader, secret = some_bytes(f"reader {number}", 32), some_bytes(f"secret {number}", 32)
        boxes.append({
            "secret": secret, "reader_secret": reader, "reader_key": public_of(reader),
            "domain": domain, "context": context,
            "box": seal_box(secret, public_of(reader), domain, context),
        })
    devices = [scene.nurse, scene.doctor]
    epochs = []
    for reader, number, previous in (
        ("team:ward", 1, None), ("team:ward", 2, some_bytes("epoch before", 32)),
        ("patient/P-1042", 7, some_bytes("epoch before", 32)), ("patient/P-1042", 8, None),
    ):
        secret = some_bytes(f"{reader} {number}", 32)
        made = epoch_boxes(reader, number, secret, devices, previous)
        epochs.append({
            "reader": reader, "number": number, "secret": secret, "key": public_of(secret),
            "device_secrets": [each.box_secret for each in devices],
            "device_keys": [each.box for each in devices],
            "vault_secret": VAULT_SECRET, "vault_key": VAULT,
            "previous_secret": previous, "boxes": made,
            "hash": wardline_hash("wardline/1 epoch boxes", b"".join(made)),
        })
    return {
        "boxes": boxes, "epochs": epochs, "invites": invite_vectors(),
        "fingerprints": fingerprint_vectors(scene), "logins": login_vectors(scene),
    }


def invite_vectors():
    invite, handle = Invite("uri"), some_bytes("uri handle", 16)
    cases = []
    for server, pin in (("clinic.example:8443", some_bytes("pin", 32)), ("[::1]:8443", None)):
        carried = {"s": server, "k": invite.secret, "h": handle}
        if pin:
            carried["p"] = pin
        uri = "wardline:" + base64.urlsafe_b64encode(cbor(carried)).rstrip(b"=").decode()
        cases.append({
            "server": server, "secret": invite.secret, "key": invite.key, "handle": handle,
            "pin": pin, "uri": uri,
        })
    return cases


def fingerprint_vectors(scene):
    genesis = scene.clinic.body("clinic", "genesis", ROOT, GENESIS)
    genesis_hash = statement_hash(cbor(genesis))
    phone = scene.phone
    return {
        "device": {
            **phone.keys(), "id": phone.id, "fingerprint": phone.fingerprint(),
            "by": ROOT.key, "clinic": CLINIC, "secret": phone.seed, "pop": phone.pop(ROOT),
        },
        "clinic": {
            "clinic": CLINIC, "genesis": genesis_hash,
            "fingerprint": fingerprint(CLINIC + genesis_hash),
        },
    }


def login_vectors(scene):
    nonce, binding, generation = some_bytes("nonce", 32), some_bytes("binding", 32), 258
    device = scene.nurse
    message = CLINIC + device.id + nonce + binding + generation.to_bytes(8, "big")
    invite, handle = Invite("uri"), some_bytes("uri handle", 16)
    return {
        "login": {
            "secret": device.seed, "clinic": CLINIC, "device": device.id, "nonce": nonce,
            "binding": binding, "generation": generation,
            "sig": sign(device.seed, "wardline/1 login", message),
        },
        "enrol_begin": {
            "secret": invite.seed, "invite": handle, "time": START,
            "sig": sign(invite.seed, "wardline/1 enrol begin", handle + START.to_bytes(8, "big")),
        },
    }


# --- CBOR -----------------------------------------------------------------------------------------
def cbor_vectors():
    good = {
        "0": "00", "23": "17", "24": "1818", "256": "190100", "65536": "1a00010000",
        "2^64 - 1": "1bffffffffffffffff", "-1": "20", "-2^63": "3b7fffffffffffffff",
        "no bytes": "40", "four bytes": "4401020304", "ü": "62c3bc", "an emoji": "64f09f9980",
        "an array": "8301820203820405", "a map": "a26161016162820203", "unsorted keys": "a2616201616102",
        "false, true, null": "83f4f5f6", "16 arrays": "81" * 16 + "00", "an empty key": "a16000",
        "64 keys": cbor({f"k{n}": n for n in range(64)}).hex(),
    }
    bad = {
        "nothing": "", "23 in two bytes": "1817", "255 in three bytes": "1900ff",
        "65535 in five bytes": "1a0000ffff", "2^32 - 1 in nine bytes": "1b00000000ffffffff",
        "a length in two bytes": "580100", "-2^63 - 1": "3b8000000000000000",
        "indefinite bytes": "5f4101ff", "indefinite text": "7f6161ff", "indefinite array": "9f01ff",
        "indefinite map": "bf616101ff", "a break": "ff", "reserved information": "1c",
        "a tag": "c000", "a bignum": "c249010000000000000000", "half a float": "f93c00",
        "a float": "fa3f800000", "a double": "fb3ff0000000000000", "undefined": "f7",
        "a simple value": "f0", "a long simple value": "f8ff", "invalid UTF-8": "62c328",
        "overlong UTF-8": "62c080", "a surrogate": "63eda080", "above 10FFFF": "64f4908080",
        "a number as key": "a10000", "bytes as key": "a1416100", "a key twice": "a2616101616102",
        "a key twice, apart": "a3616101616202616103", "a key twice, inside": "81a2616101616102",
        "cut short": "8201", "text cut short": "6261", "a length beyond the end": "5bffffffffffffffff",
        "bytes behind": "0000", "17 arrays": "81" * 17 + "00", "100 arrays": "81" * 100 + "00",
        "65 keys": cbor({f"k{n}": n for n in range(65)}).hex(),
    }
    return {
        "good": [{"name": name, "cbor": digits} for name, digits in good.items()],
        "bad": [{"name": name, "cbor": digits} for name, digits in bad.items()],
    }


if __name__ == "__main__":
    for file, made in (
        ("cbor", cbor_vectors()),
        ("statements", statement_vectors()),
        ("chains", chain_vectors()),
        ("boxes", box_vectors()),
    ):
        text = json.dumps(hexed(made), indent=1, ensure_ascii=False)
        (FOLDER / f"{file}.json").write_text(text + "\n")
