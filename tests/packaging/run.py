#!/usr/bin/env python3
"""Installs jitkit and uses it as a stranger would: find_package, add_subdirectory, pkg-config, -I, a
checkout without links, single headers, Debian packages in a root of their own, stubs made at build time,
and units with different options linked into one program."""

import itertools
import os
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "checks"))
import jobs
import tree
from report import Report

HERE = Path(__file__).resolve().parent
WORK = tree.ROOT / "build" / "check" / "packaging"
PREFIX = WORK / "moved" / "prefix"
HOST = platform.machine()
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
    """Installs, then moves the tree: a package must not depend on where it was made. A directory without headers
    stands in the sources, as a script that has run leaves one."""
    (tree.ROOT / "consumers" / "hv-trap" / "monitor" / "__pycache__").mkdir(exist_ok=True)
    build = WORK / "jitkit"
    run("configure", ["cmake", "-G", "Ninja", "-S", tree.ROOT, "-B", build, "-DJITKIT_TESTS=OFF",
                      "-DJITKIT_TOOLS=OFF", "-DJITKIT_EXAMPLES=OFF"])
    run("install", ["cmake", "--install", build, "--prefix", WORK / "prefix"])
    PREFIX.parent.mkdir()
    (WORK / "prefix").rename(PREFIX)


def check_installed_tree() -> None:
    links = [str(p) for p in PREFIX.rglob("*") if p.is_symlink()]
    report.check("no link is installed", not links, " ".join(links))
    empty = [str(p) for p in PREFIX.rglob("*") if p.is_dir() and not any(p.iterdir())]
    report.check("no empty directory is installed", not empty, " ".join(empty))
    found = {p.relative_to(PREFIX / "include").as_posix() for p in (PREFIX / "include").rglob("*") if p.is_file()}
    expected = {tree.include_name(p) for p in tree.header_files()} | {"jitkit/consumers/hv-trap/hv_model.h"}
    report.check("every header is installed", found == expected,
                 f"missing {sorted(expected - found)}, too many {sorted(found - expected)}")


def use_pkg_config(name: str, prefix: Path) -> None:
    env = {"PKG_CONFIG_PATH": str(prefix / "share" / "pkgconfig")}
    flags = subprocess.run(["pkg-config", "--cflags", "jitkit"], env={**os.environ, **env}, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    report.check(f"{name}: flags", any(str(prefix.parent) in os.path.realpath(f[2:]) for f in flags), str(flags))
    compile_and_run(name, flags)


def compile_and_run(name: str, flags: list[str], user: str = "user.cpp") -> None:
    program = WORK / f"{name.replace(' ', '_')}.program"
    if run(f"{name}: build", [*jobs.CCACHE, "g++", "-std=c++20", *flags, HERE / user, "-o", program]):
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
    """What the programs include comes from the one file: the only other <jitkit/...> are empty."""
    single = WORK / "single"
    if not run("single header: make", ["python3", tree.ROOT / "tools" / "single_header.py", "-o", single]):
        return
    for path in tree.header_files():
        empty = single / "empty" / tree.include_name(path)
        empty.parent.mkdir(parents=True, exist_ok=True)
        empty.touch()
    flags = ["-I", str(single), "-I", str(single / "empty"), "-fno-exceptions", "-fno-rtti",
             "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wold-style-cast", "-Werror"]
    headers = {"jitkit.hpp": ["user.cpp", "user_both.cpp"], "jitkit_arm64.hpp": ["user_arm64.cpp"],
               "jitkit_x86_64.hpp": ["user_x86_64.cpp"]}
    made = {path.name for path in single.glob("*.hpp")}
    report.check("single header: each is used", made == set(headers), str(made))
    for header, users in headers.items():
        report.check(f"{header}: stands alone", "#include <jitkit/" not in (single / header).read_text())
        for user in users:
            compile_and_run(f"{header} {user}", [*flags, "-include", header], user)
    # The two assemblers in one program, and after them everything: nothing is defined twice.
    several = [word for header in ("jitkit_arm64.hpp", "jitkit_x86_64.hpp", "jitkit.hpp") for word in ("-include", header)]
    compile_and_run("single headers together", [*flags, *several], "user_both.cpp")


class StubsProject:
    """A copy of tests/packaging/stubs, built in `build`; files of it may be changed."""

    def __init__(self, name: str, *options: str):
        self.name, self.source, self.build = name, WORK / f"{name}_source", WORK / name
        shutil.copytree(HERE / "stubs", self.source)
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        run(f"{name}: configure", ["cmake", "-G", "Ninja", "-S", self.source, "-B", self.build, *options, *launcher])

    def make(self, what: str) -> subprocess.CompletedProcess:
        done = subprocess.run(["cmake", "--build", self.build], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = done.stdout
        return done

    def builds(self, what: str, status: int, *emulator: str) -> None:
        """Builds without a warning; then `user` ends with that status."""
        done = self.make(what)
        good = done.returncode == 0 and "warning" not in done.stdout
        if not report.check(f"{self.name}: {what}", good, done.stdout[-2000:]):
            return
        ended = subprocess.run([*emulator, self.build / "user"]).returncode
        report.check(f"{self.name}: {what}: run", ended == status, f"exit status {ended}, not {status}")

    def times(self) -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in self.build.rglob("*-stubs/*.o")
                if not path.name.endswith(".host.o")}

    def rebuilds(self, what: str, file: str, old: str, new: str, made: set[str], status: int) -> None:
        """Changes a file; only the objects `made` are made again."""
        path, before = self.source / file, self.times()
        path.write_text(path.read_text().replace(old, new))
        self.builds(what, status)
        after = self.times()
        changed = {name for name in after if after[name] != before.get(name)}
        report.check(f"{self.name}: {what}: only what changed", changed == made, f"{sorted(changed)}, not {sorted(made)}")

    def refuses(self, what: str, file: str, old: str, new: str, message: str) -> None:
        """A change that must not build, for a reason that is said."""
        path = self.source / file
        text = path.read_text()
        path.write_text(text.replace(old, new))
        done = self.make(what)
        report.check(f"{self.name}: {what}", done.returncode != 0 and message in done.stdout, done.stdout[-1500:])
        path.write_text(text)


def use_debian_packages() -> None:
    """Makes the packages, unpacks them into a clean root and uses that root."""
    made, again, root = WORK / "deb", WORK / "deb_again", WORK / "root"
    for directory in (made, again):
        if not run("deb: make", ["python3", tree.ROOT / "tools" / "deb.py", "-o", directory],
                   {"DEBFULLNAME": "Somebody", "DEBEMAIL": "somebody@debian.org"}):
            return
    packages = sorted(made.glob("*.deb"))
    for package in packages:
        report.check(f"deb: {package.name} is the same when made again", package.read_bytes() == (again / package.name).read_bytes())
    report.check("deb: two packages", [p.name.split("_")[0] for p in packages] == ["jitkit", "libjitkit-dev"], str(packages))
    for package in packages:
        run(f"deb: unpack {package.name}", ["dpkg", "-x", package, root])
    links = [str(p) for p in root.rglob("*") if p.is_symlink()]
    report.check("deb: no link", not links, " ".join(links))
    have = {p.relative_to(root / "usr") for p in root.rglob("*") if p.is_file()}
    lack = {p.relative_to(PREFIX) for p in PREFIX.rglob("*") if p.is_file()} - have
    report.check("deb: what is installed is in it", not lack, str(lack))
    build_user("find_package deb", f"-DCMAKE_PREFIX_PATH={root / 'usr'}")
    use_pkg_config("pkg-config deb", root / "usr")
    StubsProject("stubs_deb", f"-DCMAKE_PREFIX_PATH={root / 'usr'}").builds("build", 0)
    done = subprocess.run([root / "usr" / "bin" / "jitkit", "asm", "--target", "arm64"], input="ret\n", text=True,
                          stdout=subprocess.PIPE)
    report.check("deb: the command runs", done.stdout.split() == ["d65f03c0", "ret"], done.stdout)
    if shutil.which("lintian") is None:
        report.skip("deb lintian", "lintian")
        return
    run("deb: lintian", ["lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags",
                         "initial-upload-closes-no-bugs", *packages])


def use_stubs() -> None:
    native = StubsProject("stubs", f"-DCMAKE_PREFIX_PATH={PREFIX}", "-DTRAPS=ON")
    native.builds("build", 0)
    made = native.build / "traps" / "traps-stubs"
    good = (made / "handlers.o").is_file() and b"\0hv_vectors\0" in (made / "handlers.o").read_bytes()
    report.check("stubs: a trap policy's object", good)
    header = made / "traps_handlers.h"
    report.check("stubs: a trap policy's header",
                 header.is_file() and "#define HV_VALUE_VERSION 65537UL\n" in header.read_text())
    native.make("again")
    report.check("stubs: nothing to do when nothing changed", "no work to do" in native.output, native.output)
    native.rebuilds("a .jk file", "sum.jk", "add.i64 s, w", "sub.i64 s, w", {"sum.o"}, 1)
    native.rebuilds("and back", "sum.jk", "sub.i64 s, w", "add.i64 s, w", {"sum.o"}, 0)
    native.rebuilds("what a C++ source includes", "power.hpp", "= 5", "= 4", {"power.o"}, 3)
    native.rebuilds("and back", "power.hpp", "= 4", "= 5", {"power.o"}, 0)
    native.rebuilds("a policy's bodies", "traps/bodies.jk", "add.i64 a, a", "shl.i64 a, 1", {"handlers.o"}, 0)
    native.refuses("a bad policy", "traps/handlers.yaml", "id: 2", "id: 1", "TWICE: hvc 0x1 is VERSION's already")
    native.refuses("a policy for another target", "traps/CMakeLists.txt", " ISA arm64", " ISA x86_64",
                   "handlers.yaml is a trap policy")
    sum_jk = native.source / "sum.jk"
    native.refuses("malformed", "sum.jk", "v = load.i64 a", "v = load.i64 nowhere", f"{sum_jk}:13:16: error: ")
    native.refuses("not for this target", "sum.jk", "func internal", "target arm64\nfunc internal" if HOST == "x86_64" else
                   "target x86_64\nfunc internal", "@hidden is for ")
    native.refuses("C++ that does not compile", "power.hpp", "= 5", "= five", "five")
    native.refuses("unsound", "power.cpp", "b.ret({product})", "b.ret()", "error: IR")
    native.refuses("unknown feature", "more/CMakeLists.txt", "${MORE_FEATURES}", "+warp", "no feature 'warp'")
    native.refuses("unknown target", "more/CMakeLists.txt", "vectors.jk", "vectors.jk ISA mips", "ISA is arm64 or x86_64, not 'mips'")
    native.refuses("no sources", "more/CMakeLists.txt", "SOURCES vectors.jk", "", "jitkit_add_stubs(TARGET SOURCES")
    native.builds("after all that", 0)

    toolchain = f"-DCMAKE_TOOLCHAIN_FILE={tree.ROOT / 'cmake' / 'aarch64-linux-gnu.cmake'}"
    lacks = [tool for tool in ("aarch64-linux-gnu-g++", "qemu-aarch64-static") if shutil.which(tool) is None]
    if HOST != "x86_64" or lacks:
        report.skip("stubs cross", f"no {' '.join(lacks)} on PATH" if lacks else "the host is AArch64")
        return
    cross = StubsProject("stubs_cross", toolchain, f"-DJITKIT_SOURCE={tree.ROOT}")
    cross.builds("build", 0, "qemu-aarch64-static")
    StubsProject("stubs_cross_package", toolchain, f"-Djitkit_DIR={PREFIX / 'share' / 'cmake' / 'jitkit'}")


def link_different_options() -> None:
    headers = sorted(tree.include_name(p) for p in tree.compilable_headers())
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
    use_pkg_config("pkg-config", PREFIX)
    compile_and_run("plain include", ["-I", str(tree.ROOT / "include")])
    use_checkout_without_links()
    use_single_header()
    use_debian_packages()
    use_stubs()
    link_different_options()
    report.finish()


if __name__ == "__main__":
    main()
