#!/usr/bin/env python3
"""Keeps the dependency arrows of the source tree true, by reading #include lines.

    protocol <- audit, retention <- storage <- server
    protocol, audit, retention <- clients/core <- clients/terminal <- clients/cli, admin

A folder may include itself and what the arrows allow, written from the project's root. Some
libraries are the business of one folder alone. Tests may include anything.

    include_direction.py ROOT         lists every violation, exits 1 if there is one
    include_direction.py --self-test  plants violations in a scratch tree and expects each found
"""

import re
import sys
import tempfile
from pathlib import Path

PURE = {"protocol", "audit", "retention"}
CLIENT = PURE | {"clients/core", "clients/terminal"}
MAY_INCLUDE = {
    "protocol": {"protocol"},
    "audit": {"protocol", "audit"},
    "retention": {"protocol", "retention"},
    "storage": PURE | {"storage"},
    "server": PURE | {"storage", "server"},
    "clients/core": PURE | {"clients/core"},
    "clients/terminal": CLIENT,
    "clients/cli": CLIENT | {"clients/cli"},
    "admin": CLIENT | {"admin"},
}

# Library headers that only the named folders may include.
LIBRARY_HOME = [
    (re.compile(r"^(postgresql/)?libpq"), {"storage"}, "libpq"),
    (re.compile(r"^sqlite3"), {"clients/core"}, "SQLite"),
    (re.compile(r"^boost/beast"), {"server", "clients/core"}, "Beast"),
    (re.compile(r"^boost/asio"),
     {"storage", "server", "clients/core", "clients/cli", "admin"}, "Asio"),
    (re.compile(r"^(signal/|signal_protocol|session_|curve\.h|protocol\.h)"),
     {"protocol/signal", "protocol/crypto"}, "libsignal"),
    (re.compile(r"^openssl/ssl"), {"server", "clients/core"}, "TLS"),
    (re.compile(r"^qrencode"), {"clients/terminal"}, "libqrencode"),
    (re.compile(r"^prometheus/"), {"server"}, "prometheus-cpp"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SUFFIXES = {".cpp", ".hpp", ".h", ".cc"}


def home_of(path):
    """The folder of MAY_INCLUDE that a path from the root lies in, or None."""
    for folder in MAY_INCLUDE:
        if path.startswith(folder + "/"):
            return folder
    return None


def check_line(source, quoted, target):
    """What is wrong with `source` including `target`, as a sentence, or None."""
    if quoted:
        if target.startswith("tests/"):
            return "includes a test's file"
        target_home = home_of(target)
        if target_home is None:
            return "an include in quotes is written from the project's root"
        allowed = MAY_INCLUDE[home_of(source)]
        if target_home not in allowed:
            return f"may include only {', '.join(sorted(allowed))}"
        return None
    if home_of(target) is not None:
        return "our own headers are included in quotes"
    for pattern, folders, name in LIBRARY_HOME:
        if pattern.match(target) and not any(source.startswith(f + "/") for f in folders):
            return f"{name} belongs to {', '.join(sorted(folders))}"
    return None


def violations(root):
    found = []
    files = 0
    for folder in MAY_INCLUDE:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in SUFFIXES or not path.is_file():
                continue
            files += 1
            source = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                wrong = check_line(source, match[1] == '"', match[2])
                if wrong:
                    found.append(f"{source}:{number}: {line.strip()}: {wrong}")
    return files, found


ALLOWED = [
    ("protocol/message/header.cpp", '#include "protocol/base/ids.hpp"'),
    ("protocol/signal/session.cpp", "#include <signal/signal_protocol.h>"),
    ("audit/tree.cpp", '#include "protocol/crypto/hash.hpp"'),
    ("storage/journal.cpp", '#include "retention/unit.hpp"'),
    ("storage/pg/connection.cpp", "#include <libpq-fe.h>"),
    ("server/main.cpp", '#include "storage/pg/pool.hpp"'),
    ("clients/core/store.cpp", "#include <sqlite3.h>"),
    ("clients/cli/send.cpp", '#include "clients/core/outbox.hpp"'),
    ("admin/status.cpp", '#include "clients/terminal/table.hpp"'),
    ("tests/database/any_test.cpp", '#include "storage/pg/pool.hpp"'),
]
PLANTED = [
    ("protocol/base/ids.cpp", '#include "storage/journal.hpp"'),
    ("protocol/base/ids.hpp", '  #  include "audit/tree.hpp"'),
    ("audit/tree.cpp", '#include "retention/unit.hpp"'),
    ("retention/unit.cpp", '#include "audit/tree.hpp"'),
    ("storage/journal.cpp", '#include "server/router.hpp"'),
    ("storage/journal.cpp", '#include "clients/core/client.hpp"'),
    ("server/router.cpp", '#include "clients/core/client.hpp"'),
    ("server/router.cpp", "#include <libpq-fe.h>"),
    ("clients/core/client.cpp", '#include "storage/journal.hpp"'),
    ("clients/core/client.cpp", '#include "clients/cli/send.hpp"'),
    ("clients/terminal/table.cpp", '#include "admin/status.hpp"'),
    ("clients/cli/send.cpp", '#include "admin/status.hpp"'),
    ("clients/cli/send.cpp", "#include <sqlite3.h>"),
    ("admin/status.cpp", '#include "clients/cli/send.hpp"'),
    ("admin/status.cpp", '#include "tests/support/builder.hpp"'),
    ("storage/journal.cpp", '#include "pg/pool.hpp"'),
    ("storage/journal.cpp", '#include "../server/router.hpp"'),
    ("storage/journal.cpp", "#include <server/router.hpp>"),
    ("storage/journal.cpp", "#include <boost/beast.hpp>"),
    ("audit/tree.cpp", "#include <boost/asio.hpp>"),
    ("clients/core/client.cpp", "#include <signal/session_cipher.h>"),
]


def self_test():
    with tempfile.TemporaryDirectory() as scratch:
        for cases, expected in ((ALLOWED, 0), (PLANTED, 1)):
            for index, (source, line) in enumerate(cases):
                root = Path(scratch) / f"{expected}-{index}"
                file = root / source
                file.parent.mkdir(parents=True)
                file.write_text(f"// A file.\n{line}\nint x;\n", encoding="utf-8")
                _, found = violations(root)
                if len(found) != expected:
                    print(f"{source}: {line}: expected {expected} violations, found {found}")
                    return 1
    print(f"{len(PLANTED)} planted violations found, {len(ALLOWED)} allowed lines passed")
    return 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 1:
        print(__doc__)
        return 2
    files, found = violations(Path(arguments[0]))
    for line in found:
        print(line)
    if files == 0:
        print("no source files found: wrong root?")
        return 1
    print(f"{files} files, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
