#!/usr/bin/env python3
"""Makes two Debian packages with dpkg-deb: `make deb`.

    libjitkit-dev  headers, CMake package, pkg-config file; any architecture
    jitkit         the jitkit command and its manual page

The files of libjitkit-dev are what `cmake --install` installs. The manual page is what the command's
--help says. DEBFULLNAME and DEBEMAIL name the maintainer. The commit's time stands for every time, so the same commit
gives the same packages.
"""

import argparse
import datetime
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# As Debian's tools take them; who gives packages to others says who they are.
MAINTAINER = (f"{os.environ.get('DEBFULLNAME', 'The jitkit authors')} "
              f"<{os.environ.get('DEBEMAIL', 'jitkit@localhost.localdomain')}>")
SUMMARY = "header-only code-generation toolkit for AArch64 and x86-64"


def output_of(*command, cwd=ROOT) -> str:
    return subprocess.run([str(w) for w in command], cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def version() -> str:
    text = (ROOT / "include" / "jitkit" / "config.hpp").read_text()
    number = int(re.search(r"^#define JITKIT_VERSION (\d+)$", text, re.MULTILINE)[1])
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def compressed(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as f:
        f.write(text.encode())


def manual(command: Path) -> str:
    """The subcommands' help texts, as they are printed."""
    def help_of(*words: str) -> str:
        text = output_of(command, *words, "--help")
        return "\n".join("\\&" + line.replace("\\", "\\\\").replace("-", "\\-") for line in text.splitlines())

    names = re.findall(r"^  ([a-z]+) {2,}", output_of(command, "--help").split("Subcommands:")[1], re.MULTILINE)
    pages = [f".SH {name.upper()}\n.nf\n{help_of(name)}\n.fi" for name in names]
    return (f'.TH JITKIT 1 "" "jitkit {version()}" "User Commands"\n.SH NAME\n'
            f"jitkit \\- code generation for AArch64 and x86\\-64\n.SH SYNOPSIS\n.B jitkit\n.I SUBCOMMAND\n"
            f"[OPTION...]\n.SH DESCRIPTION\n.nf\n{help_of()}\n.fi\n" + "\n".join(pages) + "\n")


class Package:
    """A directory that becomes one package."""

    def __init__(self, name: str, architecture: str, work: Path, epoch: int):
        self.name, self.architecture, self.tree, self.epoch = name, architecture, work / name, epoch
        self.tree.mkdir(parents=True)

    def documents(self) -> None:
        directory = self.tree / "usr" / "share" / "doc" / self.name
        directory.mkdir(parents=True)
        lines = (ROOT / "LICENSE").read_text().splitlines()
        holder = next(line for line in lines if line.startswith("Copyright")).removeprefix("Copyright (c) ")
        body = "\n".join(f" {line}" if line else " ." for line in lines[4:])
        (directory / "copyright").write_text(
            "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: jitkit\n\n"
            f"Files: *\nCopyright: {holder}\nLicense: Expat\n{body}\n")
        when = datetime.datetime.fromtimestamp(self.epoch, datetime.timezone.utc)
        compressed(directory / "changelog.gz", f"jitkit ({version()}) unstable; urgency=medium\n\n"
                   f"  * CHANGELOG.md of the source says what changed.\n\n"
                   f" -- {MAINTAINER}  {when:%a, %d %b %Y %H:%M:%S} +0000\n")

    def build(self, output: Path, section: str, fields: dict[str, str], description: str) -> Path:
        summary = SUMMARY + (" (command)" if self.name == "jitkit" else "")
        self.documents()
        files = sorted(p for p in self.tree.rglob("*") if p.is_file())
        sums = "".join(f"{hashlib.md5(p.read_bytes()).hexdigest()}  {p.relative_to(self.tree)}\n" for p in files)
        size = sum(-(-p.stat().st_size // 1024) for p in files)
        for path in [self.tree, *self.tree.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
            os.utime(path, (self.epoch, self.epoch))
        control = {"Package": self.name, "Source": "jitkit", "Version": version(), "Architecture": self.architecture,
                   "Maintainer": MAINTAINER, "Installed-Size": str(size), **fields, "Section": section,
                   "Priority": "optional"}
        if self.name == "jitkit":
            del control["Source"]
        (self.tree / "DEBIAN").mkdir()
        (self.tree / "DEBIAN" / "md5sums").write_text(sums)
        wrapped = "\n".join(" " + line for line in textwrap.wrap(description, 78))
        (self.tree / "DEBIAN" / "control").write_text(
            "".join(f"{k}: {v}\n" for k, v in control.items()) + f"Description: {summary}\n{wrapped}\n")
        for path in (self.tree / "DEBIAN").iterdir():
            path.chmod(0o644)
        package = output / f"{self.name}_{version()}_{self.architecture}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", self.tree, package], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": str(self.epoch)})
        return package


def libraries_of(program: Path, work: Path) -> str:
    """What the program is linked with, as dependencies."""
    (work / "debian").mkdir()
    control = "Source: jitkit\nMaintainer: x <x@localhost>\n\nPackage: jitkit\nArchitecture: any\n"
    (work / "debian" / "control").write_text(control)
    return output_of("dpkg-shlibdeps", "-O", program, cwd=work).strip().removeprefix("shlibs:Depends=")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "build" / "deb", help="a directory")
    parser.add_argument("--command", type=Path, default=ROOT / "build" / "jitkit", help="the jitkit command")
    args = parser.parse_args()
    output, command = args.output.resolve(), args.command.resolve()
    work = output / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    epoch = int(output_of("git", "log", "-1", "--format=%ct"))

    headers = Package("libjitkit-dev", "all", work, epoch)
    subprocess.run(["cmake", "-G", "Ninja", "-S", ROOT, "-B", work / "cmake", "--log-level=WARNING",
                    "-DCMAKE_INSTALL_PREFIX=/usr", "-DJITKIT_TESTS=OFF", "-DJITKIT_TOOLS=OFF",
                    "-DJITKIT_EXAMPLES=OFF"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--install", work / "cmake", "--prefix", headers.tree / "usr"], check=True,
                   stdout=subprocess.DEVNULL)
    print(headers.build(output, "libdevel", {"Suggests": "jitkit"},
                        "jitkit turns a small typed SSA IR into AArch64 and x86-64 machine code, in a running "
                        "program or while one is built. This package has its headers, a CMake package and a "
                        "pkg-config file."))

    tool = Package("jitkit", output_of("dpkg", "--print-architecture").strip(), work, epoch)
    program = tool.tree / "usr" / "bin" / "jitkit"
    program.parent.mkdir(parents=True)
    shutil.copyfile(command, program)
    program.chmod(0o755)
    subprocess.run(["strip", "--remove-section=.comment", "--remove-section=.note", program], check=True)
    compressed(tool.tree / "usr" / "share" / "man" / "man1" / "jitkit.1.gz", manual(command))
    print(tool.build(output, "devel", {"Depends": libraries_of(program, work),
                                       "Suggests": "gcc-aarch64-linux-gnu, qemu-user-static"},
                     "The jitkit command assembles and disassembles AArch64 and x86-64 instructions, and checks, "
                     "runs and compiles files of jitkit's IR."))
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
