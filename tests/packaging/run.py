#!/usr/bin/env python3
"""Installs jitkit and uses it as a stranger would: find_package, add_subdirectory, pkg-config, -I, a
checkout without links, and units with different options linked into one program."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "checks"))
import tree
from report import Report

HERE = Path(__file__).resolve().parent
WORK = tree.ROOT / "build" / "check" / "packaging"
PREFIX = WORK / "moved" / "prefix"
report = Report()


def run(name: str, command: list, env=None) -> bool:
    """One step; it must succeed."""
    done = subprocess.run([str(word) for word in command], env={**os.environ, **(env or {})}, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        print(done.stdout[-3000:])
    return report.check(name, done.returncode == 0, f"exit status {done.returncode} of {command[0]}")


def build_user(name: str, *options: str) -> bool:
    """Configures, builds and runs tests/packaging/<name>."""
    project = name.split()[0]
    build = WORK / name.replace(" ", "_")
    return (run(f"{name}: configure", ["cmake", "-G", "Ninja", "-S", HERE / project, "-B", build, *options])
            and run(f"{name}: build", ["cmake", "--build", build])
            and run(f"{name}: run", [build / "user"]))


def install() -> None:
    """Installs, then moves the tree: a package must not depend on where it was made."""
    build = WORK / "jitkit"
    run("configure", ["cmake", "-G", "Ninja", "-S", tree.ROOT, "-B", build, "-DJITKIT_TESTS=OFF",
                      "-DJITKIT_TOOLS=OFF", "-DJITKIT_EXAMPLES=OFF"])
    run("install", ["cmake", "--install", build, "--prefix", WORK / "prefix"])
    PREFIX.parent.mkdir()
    (WORK / "prefix").rename(PREFIX)


def check_installed_tree() -> None:
    links = [str(p) for p in PREFIX.rglob("*") if p.is_symlink()]
    report.check("no link is installed", not links, " ".join(links))
    found = {p.relative_to(PREFIX / "include").as_posix() for p in (PREFIX / "include").rglob("*") if p.is_file()}
    expected = {tree.include_name(p) for p in tree.header_files()}
    report.check("every header is installed", found == expected,
                 f"missing {sorted(expected - found)}, too many {sorted(found - expected)}")


def use_pkg_config() -> None:
    env = {"PKG_CONFIG_PATH": str(PREFIX / "share" / "pkgconfig")}
    flags = subprocess.run(["pkg-config", "--cflags", "jitkit"], env={**os.environ, **env}, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    report.check("pkg-config: flags", any(str(PREFIX.parent) in os.path.realpath(f[2:]) for f in flags), str(flags))
    compile_and_run("pkg-config", flags)


def compile_and_run(name: str, flags: list[str]) -> None:
    program = WORK / name.replace(" ", "_")
    if run(f"{name}: build", ["g++", "-std=c++20", *flags, HERE / "user.cpp", "-o", program]):
        run(f"{name}: run", [program])


def use_checkout_without_links() -> None:
    """A copy in which the links are small files, as git makes them where links are not available."""
    copy = WORK / "checkout"
    for path in tree.header_files():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tree.ROOT / path, copy / path)
    for name in tree.REAL_DIRECTORIES:
        (copy / "include" / "jitkit" / name).write_text(f"../../{name}")
    shutil.copyfile(tree.ROOT / "CMakeLists.txt", copy / "CMakeLists.txt")
    shutil.copytree(tree.ROOT / "cmake", copy / "cmake")
    build_user("add_subdirectory without links", f"-DJITKIT_SOURCE={copy}")


def use_single_header() -> None:
    """The headers that user.cpp asks for come from the one file: the only <jitkit/...> are empty."""
    header = WORK / "single" / "jitkit.hpp"
    if not run("single header: make", ["python3", tree.ROOT / "tools" / "single_header.py", "-o", header]):
        return
    report.check("single header: stands alone", "#include <jitkit/" not in header.read_text())
    for path in tree.header_files():
        empty = WORK / "single" / "empty" / tree.include_name(path)
        empty.parent.mkdir(parents=True, exist_ok=True)
        empty.touch()
    warnings = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wold-style-cast", "-Werror"]
    compile_and_run("single header", ["-I", str(header.parent), "-I", str(header.parent / "empty"), *warnings,
                                      "-fno-exceptions", "-fno-rtti", "-include", "jitkit.hpp"])


def link_different_options() -> None:
    headers = sorted(tree.include_name(p) for p in tree.header_files() if p.suffix == ".hpp")
    (WORK / "all_headers.hpp").write_text("".join(f"#include <{h}>\n" for h in headers))
    include = ["-I", WORK, "-I", PREFIX / "include"]
    units = {"unchecked": ["-std=c++20", "-DJITKIT_CHECKS=0"], "checked": ["-std=c++23", "-DJITKIT_CHECKS=1"],
             "unchecked_too": ["-std=c++23", "-DJITKIT_CHECKS=0", "-O1", "-fno-exceptions", "-fno-rtti"]}
    for name, options in units.items():
        run(f"options: {name}", ["g++", *options, f"-DNAME={name}", *include, "-c", HERE / "options_tu.cpp",
                                 "-o", WORK / f"{name}.o"])
    for order in itertools.permutations(units):
        program, name = WORK / "options", "options: " + " ".join(order)
        objects = [WORK / f"{unit}.o" for unit in order]
        if not run(f"{name}: link", ["g++", "-std=c++20", HERE / "options_main.cpp", *objects, "-o", program]):
            continue
        run(f"{name}: run", [program])
        status = subprocess.run([program, "trap"]).returncode
        report.check(f"{name}: the checked unit traps", status in (-signal.SIGILL, -signal.SIGTRAP), f"status {status}")


def main() -> None:
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    install()
    check_installed_tree()
    build_user("find_package", f"-DCMAKE_PREFIX_PATH={PREFIX}")
    build_user("add_subdirectory", f"-DJITKIT_SOURCE={tree.ROOT}")
    use_pkg_config()
    compile_and_run("plain include", ["-I", str(tree.ROOT / "include")])
    use_checkout_without_links()
    use_single_header()
    link_different_options()
    report.finish()


if __name__ == "__main__":
    main()
