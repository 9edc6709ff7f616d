"""The first step on a fresh machine: finds a Python, makes .venv, installs from the lock, hands over.

Run as a file by the Makefile, by whatever Python there is. It therefore uses the standard library alone,
and words that Python 3.6 can read, so that an old one can say clearly what is missing.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn, TextIO

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MARKER = VENV / "quayside.json"
OLDEST = (3, 11)
# Each set contains the ones before it.
SETS = ("demo", "test", "dev")
NEEDS = {
    "demo": "demo",
    "test": "test",
    "quick": "test",
    "soak": "test",
    "check": "dev",
    "bench": "test",
    "run": "dev",
    "install": "dev",
}


class Missing(Exception):
    """Something this machine lacks; the sentence says what to do about it."""


def main() -> int:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command not in NEEDS:
        print("usage: bootstrap.py " + "|".join(sorted(NEEDS)))
        return 2
    os.chdir(str(ROOT))
    clean_environment()
    try:
        use_new_enough_python()
        with_lock(NEEDS[command])
    except Missing as problem:
        print(f"\nQuayside cannot be set up here.\n\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if command == "install":
        return 0
    return hand_over(command)


def hand_over(command: str) -> NoReturn:
    """From here on it is the environment's Python, in the same process: signals reach it directly."""
    sys.stdout.flush()
    os.execv(str(PYTHON), [str(PYTHON), "-m", "portal.embedded", command, *sys.argv[2:]])


def clean_environment() -> None:
    """What a user may have set for other projects and would mislead ours."""
    for name in (
        "PYTHONPATH",
        "PYTHONHOME",
        "PIP_USER",
        "PIP_TARGET",
        "PIP_PREFIX",
        "VIRTUAL_ENV",
        "__PYVENV_LAUNCHER__",
        # Without what is compiled, each program of ours that starts compiles Django anew, and takes twice as long.
        "PYTHONDONTWRITEBYTECODE",
    ):
        os.environ.pop(name, None)
    os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    os.environ["PIP_NO_INPUT"] = "1"
    os.environ["UV_LINK_MODE"] = "copy"
    os.environ["UV_NO_PROGRESS"] = "1"


def use_new_enough_python() -> None:
    """Goes on with a newer Python of this machine when `python3` is too old."""
    if sys.version_info[:2] >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            os.execv(found, [found, os.path.abspath(__file__), *sys.argv[1:]])
    raise Missing(
        "It needs Python 3.11 or newer; this is {}.{}.\n"
        "  Debian 12, Ubuntu 24.04 or newer:  apt-get install python3 python3-venv\n"
        "  macOS:                             brew install python\n"
        "  Another one on this machine:       make PYTHON=/path/to/python3 ...".format(*sys.version_info[:2])
    )


def with_lock(wanted: str) -> None:
    """Two commands at once in one folder: the second waits until the first has installed."""
    folder = os.open(str(ROOT), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        make_environment(wanted)
    finally:
        os.close(folder)


def make_environment(wanted: str) -> None:
    """Makes .venv hold at least the wanted set, as its lock says; does nothing when it does already."""
    if is_installed(wanted):
        return
    if not venv_works():
        print("Making the environment .venv ...", flush=True)
        make_venv()
    before = json.loads(MARKER.read_text()) if MARKER.exists() else {}
    if SETS.index(before.get("set", "demo")) > SETS.index(wanted):
        wanted = before["set"]  # a newer lock for what is here: keep the larger set
    MARKER.unlink() if MARKER.exists() else None
    print(
        f"Installing the {count(wanted)} packages of requirements/{wanted}.lock (once) ...",
        flush=True,
    )
    install(wanted)
    MARKER.write_text(json.dumps({"set": wanted, "locks": fingerprints(), "python": sys.version_info[:2]}))


def is_installed(wanted: str) -> bool:
    try:
        marker = json.loads(MARKER.read_text())
        enough = SETS.index(marker["set"]) >= SETS.index(wanted)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return enough and marker["locks"] == fingerprints() and venv_works()


def fingerprints() -> dict:
    locks = [ROOT / "requirements" / f"{name}.lock" for name in SETS]
    return {lock.name: hashlib.sha256(lock.read_bytes()).hexdigest() for lock in locks}


def count(name: str) -> int:
    lines = (ROOT / "requirements" / f"{name}.lock").read_text().splitlines()
    return sum(1 for line in lines if "==" in line and not line.startswith((" ", "#")))


def venv_works() -> bool:
    """A venv stops working when its folder is moved or its Python goes away."""
    if not os.access(str(PYTHON), os.X_OK):
        return False
    probe = f"import sys; sys.exit(sys.version_info < {OLDEST} or sys.prefix != {str(VENV)!r})"
    return subprocess.call([str(PYTHON), "-c", probe], stderr=subprocess.DEVNULL) == 0


def make_venv() -> None:
    try:
        import ensurepip  # noqa: F401, PLC0415 -- only whether it is there
        import venv  # noqa: PLC0415
    except ImportError:
        raise Missing(
            "This Python comes without its module `venv`.\n  Debian, Ubuntu:  apt-get install python3-venv"
        ) from None
    try:
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(str(VENV))
    except (OSError, subprocess.CalledProcessError) as problem:
        raise Missing(f"The environment .venv cannot be made: {problem}") from problem


def install(name: str) -> None:
    """uv installs in seconds; where it cannot, pip takes longer over the same lock."""
    log = ROOT / "var" / "log" / "install.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    lock = os.path.join("requirements", name + ".lock")
    pip = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--retries",
        "2",
        "--timeout",
        "30",
        "--require-hashes",
    ]
    with log.open("w") as output:
        if logged([*pip, "-r", os.path.join("requirements", "installer.lock")], output):
            uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
            for certificates in ([], ["--system-certs"]):  # a company's own are known to the system alone
                if logged([*uv, *certificates, "--require-hashes", "-r", lock], output):
                    return
            print("  uv could not; pip takes a minute longer ...", flush=True)
        if logged([*pip, "-r", lock], output):
            return
    words = "\n".join("  " + line for line in log.read_text(errors="replace").strip().splitlines()[-8:])
    raise Missing(
        "The packages could not be installed. The first start needs the network; later ones do not.\n"
        f"A mirror is taken from pip's settings. What pip said:\n\n{words}\n\nAll of it is in {log}."
    )


def logged(command: list, output: TextIO) -> bool:
    output.write("$ {}\n".format(" ".join(command)))
    output.flush()
    return subprocess.call(command, stdout=output, stderr=subprocess.STDOUT) == 0


if __name__ == "__main__":
    sys.exit(main())
