#!/usr/bin/env python3
"""tools/debian.sh with an archive of files made here: a directory appears whole or not at all, the newest version whose
files are there is taken, what an interrupted run left is repaired, and a failure says what was looked for."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import tree
from report import Report

SCRIPT = tree.ROOT / "tools" / "debian.sh"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_archive(archive: Path) -> None:
    """Source package `thing` in versions 1 and 2, of which 2 is named but not there; binary package `tool`."""
    archive.mkdir()
    text = ""
    for version in ("1", "2"):
        files = {
            f"thing_{version}.dsc": f"dsc {version}\n".encode(), f"thing_{version}.tar.gz": b"tar " + version.encode()
        }
        text += f"Package: thing\nBinary: thing\nVersion: {version}\nArchitecture: any\nFormat: 1.0\n"
        text += "Directory: .\nChecksums-Sha256:\n"
        text += "".join(f" {sha256(data)} {len(data)} {name}\n" for name, data in files.items()) + "\n"
        for name, data in files.items():
            (archive / name).write_bytes(data)
    (archive / "thing_2.tar.gz").unlink()
    (archive / "Sources").write_text(text)
    made = archive / "made"
    (made / "DEBIAN").mkdir(parents=True)
    control = ("Package: tool\nVersion: 1\nArchitecture: arm64\nMaintainer: nobody <nobody@localhost>\n"
               "Description: a tool\n")
    (made / "DEBIAN" / "control").write_text(control)
    (made / "usr").mkdir()
    (made / "usr" / "tool").write_text("tool\n")
    deb = archive / "tool.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", made, deb], check=True, stdout=subprocess.DEVNULL)
    data = deb.read_bytes()
    (archive / "Packages").write_text(control + f"Filename: ./tool.deb\nSize: {len(data)}\nSHA256: {sha256(data)}\n")


def check(report: Report, work: Path) -> None:
    archive, etc = work / "archive", work / "etc"
    make_archive(archive)
    (etc / "sources.list.d").mkdir(parents=True)
    (etc / "sources.list").write_text(f"deb [trusted=yes arch=amd64] copy:{archive} ./\n")

    def run(*words) -> subprocess.CompletedProcess:
        environment = {**os.environ, "JITKIT_APT": str(etc), "JITKIT_PAUSES": "0"}
        return subprocess.run([SCRIPT, *map(str, words)], env=environment, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def names(directory: Path) -> list[str]:
        return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())

    source, root = work / "source", work / "root"
    whole = [".packages", "thing_1.dsc", "thing_1.tar.gz"]
    done = run("source", source, "thing")
    report.check("source: the newest whose files are there", done.returncode == 0 and names(source) == whole,
                 f"{done.stderr} {names(source)}")
    (source / ".packages").unlink()  # as half of something, beside what a killed run leaves
    (source / "thing_1.tar.gz").write_text("ta")
    (work / "source.part").mkdir()
    (work / "source.part" / "new").write_text("in the way")
    done = run("source", source, "thing")
    report.check(
        "source: repaired", done.returncode == 0 and names(source) == whole
        and (source / "thing_1.tar.gz").read_bytes() == b"tar 1", f"{done.stderr} {names(source)}")
    report.check("source: nothing is left", not (work / "source.part").exists())
    done = run("source", work / "absent", "nothing")
    report.check(
        "source: a package that there is not", done.returncode == 1 and "could not download nothing" in done.stderr
        and "Unable to locate package nothing" in done.stderr and not (work / "absent").exists(), done.stderr)
    (archive / "thing_1.tar.gz").write_bytes(b"other")
    done = run("source", work / "damaged", "thing")
    report.check("source: a file of another sum", done.returncode == 1 and not (work / "damaged").exists(), done.stderr)

    done = run("root", "arm64", root, "tool")
    report.check("root: unpacked", done.returncode == 0 and names(root) == [".packages", "usr/tool"],
                 f"{done.stderr} {names(root)}")
    (archive / "tool.deb").write_bytes(b"no package")
    done = run("root", "arm64", work / "broken", "tool")
    report.check("root: a damaged package", done.returncode == 1 and not (work / "broken").exists()
                 and not (work / "broken.part").exists(), done.stderr)
    shutil.rmtree(archive)
    report.check("root: what is there is kept",
                 run("root", "arm64", root, "tool").returncode == 0 and names(root) == [".packages", "usr/tool"])
    done = run("root", "arm64", root, "tool", "more")
    report.check(
        "root: it stays when more can't be had", done.returncode == 1 and "could not download tool more" in done.stderr
        and names(root) == [".packages", "usr/tool"], done.stderr)
    report.check("usage",
                 run("root", "arm64", root).returncode == 2 and "usage: tools/debian.sh source" in run().stderr)


def main() -> None:
    report = Report()
    if shutil.which("apt-get") is None:
        report.skip("debian", "apt-get")
        report.finish()
    with tempfile.TemporaryDirectory() as name:
        check(report, Path(name))
    report.finish()


if __name__ == "__main__":
    main()
