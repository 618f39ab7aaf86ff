#!/usr/bin/env python3
"""What roles.py leaves out of x86-64, executed natively: branches, the stack, absolute addresses, system state.

exec_x86_64 (tests/exec) runs instructions of each of these forms beside a model; a form that never ran is a fault,
unless NOT_RUN has the reason or this CPU lacks its feature. So that the test is known to see something, it is run with
the models of other forms.
"""

import argparse
import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import tree
from report import Report

NOT_RUN = {
    "vmfunc vmcall vmlaunch vmresume vmxoff vmptrld_m vmptrst_m vmclear_m vmxon_m vmread_rr vmread_mr vmwrite_rr "
    "vmwrite_rm invept_rm invvpid_rm": "a hypervisor below may take them for its own",
    "sysenter": "enters the kernel as a program of 32 bits",
    "sgdt_m sidt_m sldt_r_16 sldt_r_32 sldt_r_64 sldt_m str_r_16 str_r_32 str_r_64 str_m":
        "with UMIP the kernel answers, or nobody",
}


def check(report: Report, program: Path, seed: int, count: int) -> None:
    def run(*arguments: str) -> list[str]:
        done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"exec_x86_64: exit status {done.returncode}: {done.stderr[-500:]}")
        return done.stdout.splitlines()

    names, runs, lacks, faults = run("names"), {}, {}, Counter()
    for line in run(str(count), str(seed)):
        if m := re.fullmatch(r"(\w+) runs (\d+)", line):
            runs[m[1]] = int(m[2])
        elif m := re.fullmatch(r"(\w+) lacks (\S+)", line):
            lacks[m[1]] = m[2]
        elif m := re.fullmatch(r"fault (\w+): (.*)", line):
            if faults[m[1]] == 0:
                report.check(f"x86_64 {m[1]}", False, m[2])
            faults[m[1]] += 1
        else:
            raise SystemExit(f"exec_x86_64: {line}")
    excused = {name for some in NOT_RUN for name in some.split()}
    unknown = [name for name in names if name not in runs and name not in lacks and name not in excused]
    report.check("every form that can run did", not unknown, " ".join(unknown))
    stale = sorted(name for name in excused if name in runs or name not in names)
    report.check("what is said not to run does not", not stale, " ".join(stale))
    report.passed += len(runs) - len(faults)
    m = re.fullmatch(r"noticed (\d+) of (\d+)", run(str(max(1, count // 4)), str(seed), "wrong")[-1])
    noticed, tried = int(m[1]), int(m[2])
    report.check("models of other forms are noticed", noticed > 0.6 * tried, f"{noticed} of {tried}")
    missing = "; ".join(f"{name} ({feature})" for name, feature in lacks.items())
    report.note(f"exec: x86_64: {len(runs)} forms, {sum(runs.values())} runs; this CPU lacks: {missing or 'nothing'}; "
                f"of {tried} runs with another's model {noticed} noticed; seed {seed}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=int(os.environ.get("JITKIT_SEED", "1")))
    parser.add_argument("--count", type=int, default=64, help="operand sets of each form")
    parser.add_argument("--program", type=Path, default=tree.ROOT / "build" / "dev" / "tests" / "exec" / "exec_x86_64")
    parser.add_argument("--not-run", action="store_true", help="print what is not run, for docs/features.md")
    args = parser.parse_args()
    if args.not_run:
        print("| forms | why |\n|---|---|")
        for names, why in NOT_RUN.items():
            print(f"| {', '.join(f'`{name}`' for name in names.split())} | {why} |")
        return
    report = Report()
    if os.uname().machine == "x86_64":
        check(report, args.program, args.seed, args.count)
    else:
        report.skip("exec x86_64", "an x86-64 CPU")
    report.finish()


if __name__ == "__main__":
    main()
