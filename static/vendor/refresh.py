"""Fetch the vendored files again, or prove that they are the ones we reviewed.

    python static/vendor/refresh.py            # compare what is in the tree with manifest.json, no network
    python static/vendor/refresh.py --fetch    # `npm pack` each package, unpack, rewrite, write the tree

`manifest.json` names every package with version and licence, the SHA-256 of the packed archive, which of its
files we take, and the SHA-256 of each stored file. `--fetch` refuses an archive with another hash. After raising
a version on purpose, `--fetch --accept` writes the new hashes, for a person to review.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MANIFEST = HERE / "manifest.json"
SPRITE = ROOT / "static/img/icons.svg"
GLYPHS = ROOT / "static/img/glyphs.svg"


def sha256(data: bytes) -> str:
    """The fingerprint written in the manifest."""
    return hashlib.sha256(data).hexdigest()


def without_source_map(text: str) -> str:
    """Drop the pointer to a map that we do not ship (a manifest storage would look for the file)."""
    return re.sub(r"\n?/\*# sourceMappingURL=[^*]*\*/\s*$", "\n", text)


def only_latin_faces(text: str) -> str:
    """Keep the font faces whose files we ship: Latin and Latin extended."""
    faces = re.findall(r"/\* inter-latin(?:-ext)?-wght-normal \*/\n@font-face \{.*?\n\}", text, re.S)
    return "\n\n".join(faces) + "\n"


REWRITES = {"without_source_map": without_source_map, "only_latin_faces": only_latin_faces}


def archive_of(package: str, version: str, workdir: Path) -> Path:
    """Let npm bring the packed archive of one exact version."""
    command = ["npm", "pack", "--silent", f"{package}@{version}"]
    done = subprocess.run(command, cwd=workdir, check=True, capture_output=True, text=True)
    return workdir / done.stdout.strip().splitlines()[-1]


def member(archive: tarfile.TarFile, name: str) -> bytes:
    """One file out of the archive; npm puts everything below `package/`."""
    handle = archive.extractfile(f"package/{name}")
    if handle is None:
        raise SystemExit(f"{name} is not a file in {archive.name}")
    return handle.read()


def symbol(name: str, svg: str) -> str:
    """One outline icon as a <symbol>, without the invisible frame that the set draws around it."""
    paths = re.findall(r"<path [^>]*/>", svg)
    drawn = [path for path in paths if 'stroke="none"' not in path]
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{"".join(drawn)}</symbol>'


def sprite(icons: dict[str, str], licence: str) -> str:
    """The one sprite: the outline icons in use, then our own status glyphs."""
    glyphs = re.findall(r"<symbol .*?</symbol>", GLYPHS.read_text(encoding="utf-8"), re.S)
    drawn = [symbol(name, icons[name]) for name in sorted(icons)]
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg">',
            f"<!-- Made by static/vendor/refresh.py. Icons: {licence}. Glyphs g-*: static/img/glyphs.svg. -->",
            *drawn,
            *glyphs,
            "</svg>\n",
        ]
    )


def fetch(manifest: dict[str, Any], *, accept: bool) -> None:
    """Bring every package, check its archive, and write the files we take."""
    with tempfile.TemporaryDirectory() as scratch:
        for entry in manifest["packages"]:
            path = archive_of(entry["package"], entry["version"], Path(scratch))
            found = sha256(path.read_bytes())
            if found != entry["archive_sha256"] and not accept:
                raise SystemExit(
                    f"{entry['package']} {entry['version']}: archive is {found}, not the reviewed one"
                )
            entry["archive_sha256"] = found
            with tarfile.open(path) as archive:
                for file in entry["files"]:
                    data = member(archive, file["from"])
                    if "rewrite" in file:
                        data = REWRITES[file["rewrite"]](data.decode("utf-8")).encode("utf-8")
                    target = ROOT / file["to"]
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(data)
                    file["sha256"] = sha256(data)
                if "icons" in entry:
                    names = entry["icons"]
                    drawn = {name: member(archive, f"icons/outline/{name}.svg").decode() for name in names}
                    licence = f"Tabler Icons {entry['version']}, {entry['licence']}"
                    SPRITE.write_text(sprite(drawn, licence), encoding="utf-8")
                    entry["sprite_sha256"] = sha256(SPRITE.read_bytes())
    MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def differences(manifest: dict[str, Any]) -> list[str]:
    """Every stored file that is missing or is not the reviewed one."""
    found = []
    for entry in manifest["packages"]:
        wanted = {file["to"]: file["sha256"] for file in entry["files"]}
        if "sprite_sha256" in entry:
            wanted["static/img/icons.svg"] = entry["sprite_sha256"]
        for name, digest in wanted.items():
            path = ROOT / name
            if not path.exists():
                found.append(f"{name}: missing")
            elif sha256(path.read_bytes()) != digest:
                found.append(f"{name}: differs from the manifest")
    return found


def main() -> int:
    """Compare, or fetch and then compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fetch", action="store_true", help="bring the packages again")
    parser.add_argument("--accept", action="store_true", help="with --fetch: write new hashes for review")
    options = parser.parse_args()
    if options.fetch:
        fetch(json.loads(MANIFEST.read_text(encoding="utf-8")), accept=options.accept)
    problems = differences(json.loads(MANIFEST.read_text(encoding="utf-8")))
    print("\n".join(problems) if problems else "vendored files are the reviewed ones")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
