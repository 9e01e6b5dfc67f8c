"""What the scripts that measure run in: a Python with libraries, a private PostgreSQL, the program."""

import os
import subprocess
import sys
from pathlib import Path

from .sets import ROOT, Fault

TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
# The program that was built.
BINARY = TARGET / "debug" / "parlance"


def python(home, requirements):
    """The Python of an environment in `home` with these libraries, made once."""
    there, made_from = home / "python" / "bin" / "python", home / "made-from"
    wanted = requirements.read_text()
    if not made_from.exists() or made_from.read_text() != wanted:
        print(f"scripts/{home.name}: downloading its libraries (once)", file=sys.stderr)
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", home / "python"], check=True)
            subprocess.run([there, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], check=True)
        except subprocess.CalledProcessError as cause:
            raise Fault("the libraries could not be installed; this needs python3-venv and, once, a network") from cause
        made_from.write_text(wanted)
    return there


def start(python, home, install="install-postgres", binary=None):
    """Goes on as the same program with that Python and, where `home` says where the service's log goes, with a database of its own, of
    what scripts/`install` finds, and a service that is built first unless `binary` is one. Does not return."""
    command = [str(python), sys.argv[0], *sys.argv[1:]]
    if home:
        installed = subprocess.run([ROOT / "scripts" / install], stdout=subprocess.PIPE, text=True)
        if installed.returncode:
            raise Fault("there is no PostgreSQL; the reason is above")
        os.environ["PG_BIN"] = installed.stdout.split("\n")[-2]
        if not binary and subprocess.run(["cargo", "build", "--locked", "--quiet", "-p", "container"], cwd=ROOT).returncode:
            raise Fault("the service could not be built; the reason is above")
        home.mkdir(parents=True, exist_ok=True)
        (home / "service.log").unlink(missing_ok=True)
        command = [str(binary or BINARY), "postgres", "--dir", str(ROOT / ".parlance" / home.name), "--", *command]
    sys.stdout.flush()
    os.execv(command[0], command)


def commit():
    """What is measured."""
    described = subprocess.run(["git", "describe", "--always", "--exclude=*", "--dirty= with changes"], cwd=ROOT, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    return f"commit {described.stdout.strip() or 'unknown'}"
