"""Runs compiler commands on every core, through ccache where present."""

import concurrent.futures
import os
import shutil
import subprocess

CCACHE = [shutil.which("ccache")] if shutil.which("ccache") else []


def compile_one(command: list[str], cwd=None) -> tuple[int, str]:
    """(exit status, everything printed) of one compiler call."""
    done = subprocess.run(CCACHE + command, cwd=cwd, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
    return done.returncode, done.stdout


def run_all(tasks, work):
    """Yields (task, work(task)) as they end; `work` runs on as many threads as there are cores."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = {pool.submit(work, task): task for task in tasks}
        for future in concurrent.futures.as_completed(futures):
            yield futures[future], future.result()
