"""The system libraries PDF needs (Pango and friends): found, fetched without root, or honestly missing."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

LIBRARIES = (
    "libgobject-2.0.so.0",
    "libpango-1.0.so.0",
    "libharfbuzz.so.0",
    "libfontconfig.so.1",
    "libpangoft2-1.0.so.0",
)
MAC_LIBRARIES = tuple(f"{name.partition('.so')[0]}{name.partition('.so')[2]}.dylib" for name in LIBRARIES)
PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
ADVICE = (
    "PDF is off: Pango is not installed. Printing from the browser works.\n"
    "  Debian, Ubuntu:  apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0\n"
    "  macOS:           brew install pango"
)


def environment_for_pdf(home: Path) -> dict[str, str] | None:
    """What a process that makes PDFs needs in its environment; None when there is no way on this machine."""
    if sys.platform == "darwin":
        return mac_environment()
    if all(loads(name) for name in LIBRARIES):
        return {}
    library_folder = fetched_libraries(home) or fetch_libraries(home)
    if library_folder is None:
        return None
    return {"LD_LIBRARY_PATH": str(library_folder), "FONTCONFIG_FILE": str(font_configuration(home))}


def loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def mac_environment() -> dict[str, str] | None:
    for folder in ("/opt/homebrew/lib", "/usr/local/lib"):
        if (Path(folder) / MAC_LIBRARIES[1]).exists():
            return {"DYLD_FALLBACK_LIBRARY_PATH": folder}
    return None


def fetched_libraries(home: Path) -> Path | None:
    """The folder an earlier run has filled, if it is complete."""
    found = sorted((home / "root").glob(f"usr/lib/*/{LIBRARIES[1]}"))
    return found[0].parent if found and (home / "complete").exists() else None


def fetch_libraries(home: Path) -> Path | None:
    """Downloads the packages with apt, as any user, and unpacks them below `home`; installs nothing."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return None
    print("PDF needs Pango, which is not installed: fetching its packages into var/native …", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    downloads, root = home / "packages", home / "root"
    downloads.mkdir(parents=True)
    root.mkdir()
    try:
        options = apt_options(home)
        names = needed_packages(options)
        run(["apt-get", *options, "download", *names], downloads)
        for package in sorted(downloads.glob("*.deb")):
            run(["dpkg-deb", "-x", str(package), str(root)], downloads)
    except (subprocess.SubprocessError, OSError) as problem:
        print(f"  that did not work: {problem}", flush=True)
        return None
    shutil.rmtree(downloads)
    (home / "complete").touch()
    return fetched_libraries(home)


def apt_options(home: Path) -> list[str]:
    """The machine's own package lists where it has some, else lists of our own below `home`."""
    user = ["-o", "APT::Sandbox::User="]
    try:
        needed_packages(user)
    except subprocess.SubprocessError:
        for folder in ("lists/partial", "cache/archives/partial"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        own = [*user, "-o", f"Dir::State::lists={home}/lists", "-o", f"Dir::Cache={home}/cache"]
        run(["apt-get", *own, "update"], home)
        return own
    return user


def needed_packages(options: list[str]) -> list[str]:
    command = ["apt-get", *options, "install", "--simulate", "--no-install-recommends", *PACKAGES]
    plan = run(command, Path.cwd())
    return re.findall(r"^Inst (\S+)", plan, re.MULTILINE)


def run(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=180
    ).stdout


def font_configuration(home: Path) -> Path:
    """A small fontconfig of our own: the fetched library's points to folders that do not exist."""
    file = home / "fonts.conf"
    file.write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f"  <dir>/usr/share/fonts</dir>\n  <cachedir>{home / 'fontcache'}</cachedir>\n</fontconfig>\n"
    )
    return file
