"""How a check script reports: tools/check.py reads what is printed here."""

import sys
import threading


class Report:
    """Threads may share one."""

    def __init__(self):
        self.lock = threading.Lock()
        self.passed = self.failed = self.skipped = 0

    def check(self, name: str, good: bool, why: str = "") -> bool:
        """Counts one test; a failed one is printed with its reason."""
        with self.lock:
            if good:
                self.passed += 1
            else:
                self.failed += 1
                print(f"FAIL {name}: {why}".rstrip(": "))
        return good

    def skip(self, name: str, missing: str) -> None:
        with self.lock:
            self.skipped += 1
            print(f"SKIP {name.replace(' ', '_')}: {missing}")  # one word: what tools/check.py reads

    def note(self, text: str) -> None:
        """A line that is shown in the summary of a good run too."""
        with self.lock:
            print(f"NOTE {text}")

    def finish(self) -> None:
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        sys.exit(1 if self.failed else 0)
