"""How a check script reports: tools/check.py reads what is printed here."""

import sys


class Report:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, name: str, good: bool, why: str = "") -> bool:
        """Counts one test; a failed one is printed with its reason."""
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL {name}: {why}".rstrip(": "))
        return good

    def skip(self, name: str, missing: str) -> None:
        self.skipped += 1
        print(f"SKIP {name.replace(' ', '_')}: {missing}")  # one word: what tools/check.py reads

    def note(self, text: str) -> None:
        """A line that is shown in the summary of a good run too."""
        print(f"NOTE {text}")

    def finish(self) -> None:
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        sys.exit(1 if self.failed else 0)
