#!/usr/bin/env python3
"""Who may include whom (docs/design.md, "Where things stand"): the rules on the files that exist, and
first on seeded violations, so that a rule which stopped working is noticed."""

import re
from pathlib import Path

import tree
from report import Report

# What the core may take from the standard library. Left out on purpose, for what they cost every
# user's compile: <iostream> <memory> <ranges> <functional> <string> <vector> <algorithm> ...
CORE_STANDARD = set("""array bit cerrno cfenv charconv cinttypes climits cmath compare concepts
    cstdarg cstddef cstdint cstdlib cstring initializer_list limits new numeric optional span
    string_view tuple type_traits utility""".split())
# emit/runtime alone talks to the operating system, and to threads.
RUNTIME = re.compile(r"(sys|linux|asm)/\w+\.h|(c?p?id|cpuid|dlfcn|elf|errno|fcntl|link|pthread|sched|signal|"
                     r"time|ucontext|unistd)\.h|cstdio|ctime|immintrin\.h|x86intrin\.h")
ENTRY = {"jitkit/config.hpp", "jitkit/status.hpp", "jitkit/fwd.hpp"}
ARCHITECTURES = ("arm64", "x86_64")
# Of emit/<arch>: what selects, describes and emits IR functions. abi, machine_word, emitter and frame
# are parts of lower and target that both include.
SEES_IR = {"lower", "target", "atomics", "listing", "crypto", "abi", "machine_word", "emitter", "frame"}
# The exact assembler expands only the columns it needs: decoder, text, roles and all above are
# other headers. The macro-assembler stands on it and below what sees the IR.
ABOVE_ASSEMBLER = {"macro_assembler", "disassembler", "text_assembler", "text_line", "roles", "abi", *SEES_IR}
ABOVE_MACRO_ASSEMBLER = {"disassembler", "text_assembler", "text_line", *SEES_IR}


def arch_part(path: str) -> tuple[str, str]:
    """jitkit/emit/arm64/crypto/x.hpp -> (arm64, crypto); ('', '') outside emit/<arch>. A part in
    several files has its name in front: lower_call.hpp belongs to lower."""
    parts = path.split("/")
    if len(parts) < 4 or parts[1] != "emit" or parts[2] not in ARCHITECTURES:
        return "", ""
    name = parts[3].split(".")[0]
    return parts[2], next((part for part in SEES_IR if name.startswith(part + "_")), name)


def layer_violation(source: str, target: str) -> str:
    """Why the header `source` may not include the header `target` (names start with jitkit/)."""
    s, t = source.split("/")[1:], target.split("/")[1:]
    s_arch, s_part = arch_part(source)
    t_arch, t_part = arch_part(target)
    sees_ir = t[0] == "ir" and t[1] != "support"
    if source in ENTRY:
        return "" if target in ENTRY else "config, status and fwd include only each other"
    if len(s) == 1:
        other = {"arm64.hpp": "x86_64", "x86_64.hpp": "arm64"}.get(s[0])
        if other and (t_arch == other or sees_ir):
            return "arm64.hpp and x86_64.hpp are the assembler of one target only"
        return ""
    if t[0] == "consumers" and (s[0] != "consumers" or s[1] != t[1]):
        return "consumers/* include only their own"
    if s[0] == "consumers" or target in ENTRY:
        return ""
    if len(t) == 1:
        return "entry headers are for users, not for the toolkit itself"
    if t[:2] == ["emit", "crypto"] and s_part != "crypto" and s[:2] != ["emit", "crypto"]:
        return "emit/crypto is for the crypto of a target and for users"
    if s[:2] == ["ir", "support"]:
        return "" if t[:2] == ["ir", "support"] else "ir/support depends only on config"
    if s[0] == "ir":
        return "" if t[0] == "ir" else "ir/ knows only the concept Target"
    if t[:2] == ["emit", "runtime"] and s[1] != "runtime":
        return "only emit/runtime talks to the operating system"
    if s_arch and t_arch and s_arch != t_arch:
        return "arm64 and x86_64 never include each other"
    if t_arch and not s_arch and s[1] != "runtime":
        return "what both targets share does not include one of them"
    if sees_ir and s_part not in SEES_IR and s[:2] != ["emit", "crypto"]:
        return "of emit/, only lower, target, atomics, listing and crypto see the IR"
    below_assembler = {"assembler", "formats", "registers", "operands", "immediates", "features", "insts"}
    if s_part in below_assembler and t_part in ABOVE_ASSEMBLER:
        return "the exact assembler includes nothing that stands above it"
    if s_part == "macro_assembler" and t_part in ABOVE_MACRO_ASSEMBLER:
        return "the macro-assembler includes nothing that stands above it"
    return ""


def guard_name(source: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", source.upper())


def violations(source: str, text: str, exists=lambda name: True) -> list[str]:
    """Everything wrong with the header <source> of that text."""
    found = []
    code = tree.strip_comments(text)
    if "#pragma once" in code:
        found.append("#pragma once")
    if source.endswith(".hpp"):
        guard = guard_name(source)
        if not re.search(rf"^#ifndef {guard}\n#define {guard}\n", code, re.MULTILINE):
            found.append(f"include guard is not {guard}")
    for name in re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", code, re.MULTILINE):
        if not name.startswith("JITKIT_"):
            found.append(f"macro {name} lacks the prefix JITKIT_")
    if source.endswith(".def"):
        for macro in sorted(set(re.findall(r"^(JITKIT_\w+)\(", code, re.MULTILINE))):
            if not re.search(rf"^#undef {macro}$", code, re.MULTILINE):
                found.append(f"{macro} is not undefined at the end")
    runtime = source.startswith("jitkit/emit/runtime/")
    for bracket, name in tree.includes(code):
        if ".." in name.split("/"):
            found.append(f"'..' in #include {name}")
        elif name.startswith("jitkit/"):
            if bracket != "<":
                found.append(f"{name} included with quotes")
            elif not exists(name):
                found.append(f"{name} does not exist")
            elif why := layer_violation(source, name):
                found.append(f"includes {name}: {why}")
        elif bracket != "<":
            found.append(f"{name} is not included as <jitkit/...>")
        elif source.startswith("jitkit/consumers/") or name in CORE_STANDARD:
            pass
        elif not (runtime and RUNTIME.fullmatch(name)):
            found.append(f"<{name}> is not for {'emit/runtime' if runtime else 'the core'}")
    return found


def leading_includes(text: str) -> list[str]:
    """The jitkit headers included before the file's own code. What is included later are definitions of
    a class that was too long for one file: those may include their class."""
    before_code = re.split(r"^namespace\b", tree.strip_comments(text), 1, re.MULTILINE)[0]
    return [name for _, name in tree.includes(before_code) if name.startswith("jitkit/")]


def cycles(graph: dict[str, list[str]]) -> list[str]:
    """One description per include cycle met by a depth-first walk."""
    found, state = [], {}

    def walk(name: str, path: list[str]) -> None:
        if state.get(name) == "done":
            return
        if state.get(name) == "open":
            found.append(" -> ".join(path[path.index(name):] + [name]))
            return
        state[name] = "open"
        for target in graph.get(name, []):
            walk(target, path + [name])
        state[name] = "done"

    for name in sorted(graph):
        walk(name, [])
    return found


SEEDED = [  # (header, one line of it, words of the violation; '' if it is allowed)
    ("jitkit/config.hpp", "#include <jitkit/ir/type.hpp>", "only each other"),
    ("jitkit/arm64.hpp", "#include <jitkit/emit/x86_64/assembler.hpp>", "one target only"),
    ("jitkit/arm64.hpp", "#include <jitkit/ir/type.hpp>", "one target only"),
    ("jitkit/jitkit.hpp", "#include <jitkit/emit/runtime/perf.hpp>", ""),
    ("jitkit/ir/support/arena.hpp", "#include <jitkit/ir/type.hpp>", "depends only on config"),
    ("jitkit/ir/support/arena.hpp", "#include <jitkit/status.hpp>", ""),
    ("jitkit/ir/compile.hpp", "#include <jitkit/emit/code_buffer.hpp>", "concept Target"),
    ("jitkit/ir/compile.hpp", "#include <jitkit/jitkit.hpp>", "entry headers"),
    ("jitkit/ir/compile.hpp", "#include <jitkit/ir/regalloc.hpp>", ""),
    ("jitkit/emit/object.hpp", "#include <jitkit/ir/module.hpp>", "see the IR"),
    ("jitkit/emit/object.hpp", "#include <jitkit/ir/support/arena.hpp>", ""),
    ("jitkit/emit/object.hpp", "#include <jitkit/emit/arm64/assembler.hpp>", "both targets share"),
    ("jitkit/emit/object.hpp", "#include <jitkit/emit/runtime/perf.hpp>", "operating system"),
    ("jitkit/emit/arm64/lower.hpp", "#include <jitkit/ir/module.hpp>", ""),
    ("jitkit/emit/arm64/crypto/sha.hpp", "#include <jitkit/ir/builder.hpp>", ""),
    ("jitkit/emit/arm64/crypto/sha.hpp", "#include <jitkit/emit/crypto/sha.hpp>", ""),
    ("jitkit/emit/crypto/sha.hpp", "#include <jitkit/ir/builder.hpp>", ""),
    ("jitkit/emit/crypto/sha.hpp", "#include <jitkit/emit/arm64/formats.hpp>", "both targets share"),
    ("jitkit/emit/arm64/lower.hpp", "#include <jitkit/emit/crypto/sha.hpp>", "for users"),
    ("jitkit/emit/arm64/lower_call.hpp", "#include <jitkit/ir/builder.hpp>", ""),
    ("jitkit/emit/arm64/formats.hpp", "#include <jitkit/ir/module.hpp>", "see the IR"),
    ("jitkit/emit/arm64/lower.hpp", "#include <jitkit/emit/x86_64/abi.hpp>", "each other"),
    ("jitkit/emit/arm64/assembler.hpp", "#include <jitkit/emit/arm64/roles.hpp>", "above it"),
    ("jitkit/emit/arm64/macro_assembler.hpp", "#include <jitkit/emit/arm64/lower.hpp>", "above it"),
    ("jitkit/emit/arm64/macro_assembler.hpp", "#include <jitkit/emit/arm64/assembler.hpp>", ""),
    ("jitkit/consumers/jvm/a.hpp", "#include <jitkit/consumers/luajit/b.hpp>", "only their own"),
    ("jitkit/emit/reloc.hpp", "#include <jitkit/consumers/jvm/a.hpp>", "only their own"),
    ("jitkit/consumers/jvm/a.hpp", "#include <memory>", ""),
    ("jitkit/ir/fold.hpp", "#include <memory>", "not for the core"),
    ("jitkit/ir/fold.hpp", "#include <iostream>", "not for the core"),
    ("jitkit/ir/fold.hpp", "#include <sys/mman.h>", "not for the core"),
    ("jitkit/ir/fold.hpp", "#include <span>", ""),
    ("jitkit/ir/fold.hpp", "// #include <memory>", ""),
    ("jitkit/emit/runtime/perf.hpp", "#include <sys/mman.h>", ""),
    ("jitkit/emit/runtime/perf.hpp", "#include <fmt/format.h>", "not for emit/runtime"),
    ("jitkit/emit/runtime/perf.hpp", "#include <jitkit/ir/module.hpp>", "see the IR"),
    ("jitkit/ir/fold.hpp", '#include "fold_rules.hpp"', "included as"),
    ("jitkit/ir/fold.hpp", '#include "jitkit/ir/type.hpp"', "quotes"),
    ("jitkit/ir/fold.hpp", "#include <jitkit/ir/../ir/type.hpp>", "'..'"),
    ("jitkit/ir/fold.hpp", "#pragma once", "pragma once"),
    ("jitkit/ir/fold.hpp", "#define FOLD 1", "prefix"),
    ("jitkit/ir/ops.def", "JITKIT_OP(add)", "not undefined"),
]


def test_the_rules(report: Report) -> None:
    for source, line, words in SEEDED:
        guard = guard_name(source)
        found = violations(source, f"#ifndef {guard}\n#define {guard}\n{line}\n#endif\n")
        good = len(found) == 1 and words in found[0] if words else not found
        report.check(f"rule:{source}:{line}", good, f"found {found}, expected '{words}'")
    found = violations("jitkit/ir/fold.hpp", "#ifndef FOLD_HPP\n#define JITKIT_FOLD\n#endif\n")
    report.check("rule:guard", len(found) == 1 and "guard" in found[0], str(found))
    found = cycles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]})
    report.check("rule:cycle", found == ["a -> b -> c -> a"], str(found))
    found = leading_includes("#include <jitkit/a.hpp>\nnamespace x {\n}\n#include <jitkit/b.hpp>\n")
    report.check("rule:trailing include", found == ["jitkit/a.hpp"], str(found))


def main() -> None:
    report = Report()
    test_the_rules(report)
    graph = {}
    for path in tree.header_files():
        source, text = tree.include_name(path), (tree.ROOT / path).read_text()
        found = violations(source, text, lambda name: (tree.ROOT / tree.real_path(name)).is_file())
        report.check(str(path), not found, "; ".join(found))
        graph[source] = leading_includes(text)
    found = cycles(graph)
    report.check("no include cycle", not found, "; ".join(found))
    report.finish()


if __name__ == "__main__":
    main()
