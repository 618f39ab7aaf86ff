#!/usr/bin/env python3
"""Every form over its operand space against llvm-mc, GNU as, LLVM's decoder and capstone.

The program sweep_TARGET (tests/sweep) draws instructions from the rows by a seed; sweep_TARGET.py (here)
knows how to damage their text and what the oracles get wrong. The rules:
 - both assemblers give the same bytes: so must jitkit (another encoding of the same length that LLVM
   decodes to the same text is right too)
 - both refuse: so must jitkit
 - they disagree: jitkit gives what one of them gives (a damaged line it may refuse)
 - random bytes (where sweep_TARGET.py makes some): what jitkit decodes, LLVM decodes to the same length; what
   LLVM decodes and would write so, of mnemonics that jitkit has, jitkit decodes
 - LLVM decodes jitkit's bytes to an instruction of the same length, whose text jitkit assembles to the
   same bytes; where capstone decodes them, to the same length
An oracle's answer does not count where a Known names it; a Known that was never needed is reported by
--full, so the lists do not outlive their reasons.
"""

import argparse
import importlib
import os
import random
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import oracles
import tree
from report import Report

FOR_ONE = 30  # times as many operands with --form


def replace_one(pattern: re.Pattern, text: str, chance: random.Random, make) -> str:
    """The text with one match of the pattern, drawn by chance, replaced by make(match)."""
    found = list(pattern.finditer(text))
    if not found:
        return text
    m = chance.choice(found)
    return text[:m.start()] + make(m) + text[m.end():]


@dataclass
class Known:
    oracle: str   # llvm, gnu, llvm-decoder, capstone; random bytes: what LLVM decodes and jitkit need not;
                  # words: not of the sweep
    pattern: str  # of the text, from its start
    reason: str
    uses: int = field(default=0, compare=False)

    def __post_init__(self):
        self.match = re.compile(self.pattern).match


class Sweep:
    def __init__(self, report: Report, target: str, command: Path, known: list[Known], shown: int,
                 out_of_scope):
        self.report, self.target, self.command, self.known, self.shown = report, target, command, known, shown
        self.out_of_scope, self.beyond = out_of_scope, 0
        self.strings = self.strings_known = 0  # random bytes
        self.complaints = Counter()

    def is_known(self, oracle: str, text: str) -> bool:
        for k in self.known:
            if k.oracle == oracle and k.match(text):
                k.uses += 1
                return True
        return False

    def complain(self, kind: str, text: str, why: str) -> None:
        self.complaints[kind] += 1
        if self.complaints[kind] <= self.shown:
            self.report.check(f"{self.target} {kind}: {text}", False, why)
        else:
            self.report.failed += 1

    def same_meaning(self, a: str, b: str) -> bool:
        if a is None or b is None or len(a) != len(b):
            return False
        decoded = oracles.llvm_disassemble(self.target, [a, b])
        return decoded[0] is not None and decoded[0] == decoded[1]

    def assemble(self, kind: str, texts: list[str], lenient: bool) -> list[str | None]:
        """Judges jitkit's bytes for each line; lenient: a line that one oracle refuses may be refused."""
        ours = oracles.jitkit_assemble(self.command, self.target, texts)
        llvm = oracles.llvm_assemble(self.target, texts)
        gnu = oracles.gnu_assemble(self.target, texts)
        for text, o, l, g in zip(texts, ours, llvm, gnu):
            if o is None and self.out_of_scope(l) and self.out_of_scope(g):
                self.beyond += 1
            elif o == l == g or self.right(text, o, l, g, lenient):
                self.report.passed += 1
            else:
                self.complain(kind, text, f"jitkit {o or 'refuses'}, llvm {l or 'refuses'}, gnu {g or 'refuses'}")
        self.note(kind, f"{len(texts):8} lines, {sum(o is not None for o in ours):8} of them instructions")
        return ours

    def right(self, text: str, o, l, g, lenient: bool) -> bool:
        answers = []
        for oracle, a in (("llvm", l), ("gnu", g)):
            if (a != o and not self.same_meaning(a, o)) and self.is_known(oracle, text):
                continue
            answers.append(a)
        if not answers or (lenient and o is None and len(answers) < 2):
            return True
        good = [a == o or self.same_meaning(a, o) for a in answers]
        if all(good):
            return True
        if lenient and len(answers) == 2 and answers[0] != answers[1]:
            return o is None or any(good)
        return False

    def decode(self, kind: str, codes: list[str]) -> None:
        """Judges bytes that jitkit wrote by what the decoders say of them."""
        llvm = oracles.llvm_disassemble(self.target, codes)
        capstone = oracles.capstone_disassemble(self.target, codes)
        ours = oracles.jitkit_disassemble(self.command, self.target, codes)
        # LLVM does not say that an encoding is longer than it could be.
        longer = ["{evex} " if o and o[1].startswith("{evex} ") else "" for o in ours]
        back = oracles.jitkit_assemble(self.command, self.target, [p + l[1] if l else "" for p, l in zip(longer, llvm)])
        for code, l, c, o, b in zip(codes, llvm, capstone, ours, back):
            text = o[1] if o else f"({l[1] if l else 'no instruction'})"
            length = len(code) // 2
            if o is None:
                self.complain(f"{kind}, jitkit", f"{code} {text}", "printed as data")
            elif (l is None or l[0] != length or (b != code and not self.same_meaning(b, code))) and \
                    not self.is_known("llvm-decoder", text):
                self.complain(f"{kind}, LLVM", f"{code} {text}", f"decoded as {l}, which assembles to {b}")
            elif c is not None and c[0] != length and not self.is_known("capstone", text):
                self.complain(f"{kind}, capstone", f"{code} {text}", f"decoded as {c}")
            else:
                self.report.passed += 1
        self.note(kind, f"{len(codes):8} codes, capstone knows {sum(c is not None for c in capstone):8}")

    def random_bytes(self, kind: str, codes: list[str], decoder: Path, mnemonics: set[str]) -> None:
        """Judges what jitkit's decoder says of bytes that nobody wrote."""
        done = subprocess.run([decoder],
                              input="".join(c + "\n" for c in codes),
                              stdout=subprocess.PIPE,
                              text=True,
                              check=True)
        ours = [(int(a.split(" ", 1)[0]), a.partition(" ")[2]) for a in done.stdout.splitlines()]
        llvm = oracles.llvm_disassemble(self.target, codes)
        # What LLVM alone decodes counts if it would write so.
        back = oracles.llvm_assemble(self.target, [
            l[1] if l is not None and length == 0 and self.mnemonic(l[1]) in mnemonics else ""
            for (length, _), l in zip(ours, llvm)
        ])
        for code, (length, text), l, b in zip(codes, ours, llvm, back):
            if length != 0 and (l is None or l[0] != abs(length)) and not self.is_known("llvm-decoder", text):
                self.complain(f"{kind}, LLVM", f"{code} {text}", f"decoded as {l}")
            elif length == 0 and l is not None and b == code[:2 * l[0]] and not self.is_known("random bytes", l[1]):
                self.complain(f"{kind}, jitkit", f"{code} {l[1]}", "unknown")
            else:
                self.report.passed += 1
        self.strings += len(codes)
        self.strings_known += sum(length != 0 for length, _ in ours)

    @staticmethod
    def mnemonic(text: str) -> str:
        return next(w for w in text.split() if not w.startswith("{"))

    def note(self, kind: str, text: str) -> None:
        self.report.note(f"sweep: {self.target:<7} {kind:<22} {text}")


def draw(target: str, directory: Path, seed: int, count: int) -> list[tuple[str, str]]:
    """(form, text) of `count` instructions of every form."""
    done = subprocess.run([directory / f"sweep_{target}", str(seed), str(count)], stdout=subprocess.PIPE,
                          text=True, check=True)
    return [tuple(line.split(" ", 1)) for line in done.stdout.splitlines()]


def sweep(report: Report, target: str, args) -> None:
    own = importlib.import_module(f"sweep_{target}")
    state = Sweep(report, target, args.command, own.KNOWN, args.show, own.out_of_scope)
    decoder = args.programs / f"sweep_{target}_decode"
    if args.strings:
        mnemonics = {state.mnemonic(text) for form, text in draw(target, args.programs, 1, 1) if not own.no_text(form)}
        chance = random.Random(f"{args.seed} strings {target}")
        for _ in range(-(-args.strings // own.RANDOM_CODES)):
            state.random_bytes("random bytes", own.random_codes(chance), decoder, mnemonics)
    for round_ in range(0 if args.strings else args.rounds or (own.FULL_ROUNDS if args.full else 1)):
        chance = random.Random(f"{args.seed} {round_} {target}")
        forms = draw(target, args.programs, chance.getrandbits(60), own.PER_FORM * (FOR_ONE if args.form else 1))
        if args.form:
            forms = [(form, text) for form, text in forms if re.fullmatch(args.form, form)]
            report.check(f"{target}: forms called {args.form}", forms != [], "there are none")
        texts = [text for form, text in forms if not own.no_text(form)]
        codes = [code for code in state.assemble("forms", texts, False) if code]
        state.decode("forms", codes)
        if hasattr(own, "random_codes") and not args.form:
            mnemonics = {state.mnemonic(text) for text in texts}
            state.random_bytes("random bytes", own.random_codes(chance), decoder, mnemonics)
        variants = [own.vary(text, chance) for text in texts]
        state.assemble("other spellings", variants, True)
        damaged = [own.damage(text, chance) for text in texts]
        state.assemble("damaged lines", damaged, True)
    if state.strings:
        state.note("random bytes", f"{state.strings:8} strings, {state.strings_known:8} of them instructions")
    state.note("out of scope", f"{state.beyond:8} lines that both oracles accept")
    for k in own.KNOWN:
        if k.oracle == "words" or (args.form and k.uses == 0):
            continue
        report.note(f"sweep: {target:<7} known {k.oracle:<13} {k.uses:6} times: {k.reason}")
        if args.full and not args.form:
            report.check(f"known {k.oracle} {k.pattern}", k.uses != 0, "was not needed: take it out")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", action="append", help="default: all that have a sweep")
    parser.add_argument("--form", metavar="REGEX", help="only the forms of these names, with more operands")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("JITKIT_SEED", "1")))
    parser.add_argument("--full", action="store_true", help="many rounds (make soak)")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--strings", type=int, default=0, metavar="N", help="only N random strings of bytes (x86_64)")
    parser.add_argument("--show", type=int, default=10, help="failures printed per kind")
    parser.add_argument("--command", type=Path, default=tree.ROOT / "build" / "jitkit")
    parser.add_argument("--programs", type=Path, default=tree.ROOT / "build" / "dev" / "tests" / "sweep")
    args = parser.parse_args()
    if args.form and not args.target:
        parser.error("--form needs a --target")
    if args.strings and args.target != ["x86_64"]:
        parser.error("--strings is for --target x86_64")
    report = Report()
    print(f"seed {args.seed}")
    targets = args.target or sorted(p.stem.removeprefix("sweep_") for p in Path(__file__).parent.glob("sweep_*.py"))
    for target in targets:
        if lacks := oracles.missing(target):
            report.skip(target, ", ".join(lacks))
        else:
            sweep(report, target, args)
    report.finish()


if __name__ == "__main__":
    main()
