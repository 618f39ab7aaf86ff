"""Where a Java 17 with a compiler is: JAVA_HOME's, that of PATH, or one below /usr/lib/jvm. No other version will do:
the agent knows the stubs of HotSpot 17."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

INSTALLED = Path("/usr/lib/jvm")


def candidates() -> list[Path]:
    named = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    in_path = shutil.which("java")
    return [*named, *([Path(in_path).resolve().parent.parent] if in_path else []), *sorted(INSTALLED.glob("*"))]


def version(home: Path) -> str:
    """What its java says of itself; empty if there is none."""
    try:
        command = [home / "bin" / "java", "-version"]
        said = subprocess.run(command, stdin=subprocess.DEVNULL, text=True, capture_output=True)
    except OSError:
        return ""
    found = re.search(r'version "([^"]+)"', said.stderr)
    return found[1] if found else ""


def home(places: list[Path] | None = None) -> Path:
    """The directory with bin/java and bin/javac; ends the program if there is none."""
    seen = {}
    for place in candidates() if places is None else places:
        seen[place] = version(place)
        if re.match(r"17\b", seen[place]):
            if os.access(place / "bin" / "javac", os.X_OK):
                return place
            seen[place] += ", without javac"
    others = "".join(f"\n  {place}: {what}" for place, what in seen.items() if what)
    sys.exit("error: there is no JDK 17 (java and javac) in JAVA_HOME, PATH or /usr/lib/jvm: "
             "apt-get install openjdk-17-jdk-headless" + (f"; other Javas:{others}" if others else ""))
