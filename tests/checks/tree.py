"""The headers of the repository and what they include, for the check scripts."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
REAL_DIRECTORIES = ("ir", "emit", "consumers")  # include/jitkit/<name> is a link to each
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def header_files() -> list[Path]:
    """Every installed header and table, by its real path relative to the root, sorted."""
    found = list((ROOT / "include" / "jitkit").glob("*.hpp"))
    for directory in REAL_DIRECTORIES:
        for pattern in ("*.hpp", "*.def"):
            found += (ROOT / directory).rglob(pattern)
    return sorted(path.relative_to(ROOT) for path in found)


# These need more than the toolkit: LuaJIT's headers, which come with its source; JVMTI's, which come with a JDK;
# yaml-cpp's, which want exceptions. The consumers' own parts of `make check` compile them.
WITH_FOREIGN_HEADERS = ("consumers/luajit/", "consumers/jvm/methods.hpp", "consumers/hv-trap/policy_yaml.hpp")


def compilable_headers() -> list[Path]:
    """The headers that anybody's program can include."""
    return [p for p in header_files() if p.suffix == ".hpp" and not p.as_posix().startswith(WITH_FOREIGN_HEADERS)]


def include_name(path: Path) -> str:
    """emit/reloc.hpp -> jitkit/emit/reloc.hpp; include/jitkit/config.hpp -> jitkit/config.hpp."""
    return path.as_posix().removeprefix("include/") if path.parts[0] == "include" else f"jitkit/{path.as_posix()}"


def real_path(include: str) -> Path:
    """The inverse of include_name."""
    inner = Path(include).relative_to("jitkit")
    return inner if inner.parts[0] in REAL_DIRECTORIES else Path("include") / include


def includes(text: str) -> list[tuple[str, str]]:
    """(bracket, name) of every #include of a file's text."""
    return INCLUDE.findall(text)


def strip_comments(text: str) -> str:
    """C++ text without comments, lines kept; strings and characters are understood."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)

    def keep(match: re.Match) -> str:
        piece = match[0]
        return "\n" * piece.count("\n") if piece.startswith(("//", "/*")) else piece

    return token.sub(keep, text)


def closure(root: str, leave_out=lambda name: False) -> list[Path]:
    """Files reached from <root> by jitkit includes, without those for which leave_out(name) holds."""
    seen, todo = set(), [root]
    while todo:
        name = todo.pop()
        path = real_path(name)
        if path in seen or leave_out(name) or not (ROOT / path).is_file():
            continue
        seen.add(path)
        todo += [n for _, n in includes((ROOT / path).read_text()) if n.startswith("jitkit/")]
    return sorted(seen)
