#!/usr/bin/env python3
"""Debian's nginx with its Lua module on stock's LuaJIT and on jitkit's, one after the other: `make demo-nginx`.

The packages are downloaded and unpacked below ${JITKIT_CACHE}/nginx, nothing is installed and no file of the system
changed; LD_LIBRARY_PATH says which libluajit-5.1.so.2 the module gets. The module is built for OpenResty's LuaJIT
(luajit2), so that is what jitkit's library is made of. Both answer the same requests, which must be the same byte
for byte; then wrk puts load on each for some seconds, in which no request may fail.
"""

import argparse
import contextlib
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import figures  # noqa: E402

PACKAGES = ["nginx", "nginx-common", "libnginx-mod-http-ndk", "libnginx-mod-http-lua", "lua-resty-core",
            "lua-resty-lrucache", "libluajit2-5.1-2", "libluajit2-5.1-common", "wrk", "libpcre3"]
OURS = ROOT / "build" / "consumers" / "luajit2" / "x86_64"
CONFIGURATION = """
load_module {root}/usr/lib/nginx/modules/ndk_http_module.so;
load_module {root}/usr/lib/nginx/modules/ngx_http_lua_module.so;
daemon off;
master_process off;
pid {work}/nginx.pid;
error_log {work}/error.log warn;
env JITKIT_LUAJIT;
env JITKIT_LUAJIT_STATS;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {work}/body;
  proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi;
  scgi_temp_path {work}/scgi;
  lua_package_path "{root}/usr/share/lua/5.1/?.lua;;";
  server {{
    listen 127.0.0.1:{port};
    location /order {{ content_by_lua_file {here}/handler.lua; }}
    location /library {{ content_by_lua_block {{
      local traces, util = 0, require "jit.util"
      for i = 1, 1000 do if util.traceinfo(i) then traces = traces + 1 end end
      for line in io.lines("/proc/self/maps") do
        local path = line:match("%S*libluajit%S*")
        if path then ngx.say(path, " ", traces) return end
      end
    }} }}
  }}
}}
"""


def unpacked(cache: Path) -> Path:
    """The packages' files, fetched once."""
    root = cache / "root"
    subprocess.run([ROOT / "tools" / "debian.sh", "root", "amd64", root, *PACKAGES], check=True)
    return root


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=120) as answer:
        return answer.read()


class Server:
    """nginx with the library of a directory; it ends with its block."""

    def __init__(self, root: Path, library: Path, work: Path):
        work.mkdir()
        self.work, self.root = work, root
        system = [root / "usr/lib/x86_64-linux-gnu", root / "lib/x86_64-linux-gnu"]
        environment = os.environ | {"LD_LIBRARY_PATH": ":".join(map(str, [library, *system])),
                                    "JITKIT_LUAJIT_STATS": str(work / "statistics")}
        command = [root / "usr/sbin/nginx", "-p", work, "-c", work / "nginx.conf", "-e", work / "error.log"]
        for _ in range(10):  # somebody else may take the port in between
            (work / "error.log").unlink(missing_ok=True)
            self.port = free_port()
            here = Path(__file__).parent
            (work / "nginx.conf").write_text(CONFIGURATION.format(root=root, work=work, port=self.port, here=here))
            self.process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)  # it is in the log
            if self.answers():
                return
            if "Address already in use" not in self.log():
                break
        raise SystemExit(f"nginx did not start: {self.log()[-2000:]}")

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        file = self.work / "error.log"
        return file.read_text() if file.exists() else ""

    def answers(self) -> bool:
        """False if it ends instead."""
        while self.process.poll() is None:
            try:
                self.library = get(self.port, "/library").decode()
                return True
            except urllib.error.HTTPError as e:
                self.process.kill()
                raise SystemExit(f"nginx answers {e}: {self.log()[-2000:]}")
            except OSError:
                time.sleep(0.1)
        return False

    def load(self, seconds: int) -> str:
        """What wrk prints; it has Lua in it and gets stock's library."""
        environment = os.environ | {"LD_LIBRARY_PATH": f"{self.root}/usr/lib/x86_64-linux-gnu"}
        command = [self.root / "usr/bin/wrk", "-t1", "-c8", f"-d{seconds}s", "--timeout", "120s",
                   f"http://127.0.0.1:{self.port}/order?n=17"]
        done = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, check=True)
        return done.stdout

    def stop(self) -> None:
        self.library = get(self.port, "/library").decode()
        self.process.terminate()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=5, help="of load on each")
    parser.add_argument("--requests", type=int, default=200, help="that are compared")
    parser.add_argument("--rounds", type=int, default=1, help="of load, in turn")
    args = parser.parse_args()
    cache = Path(os.environ.get("JITKIT_CACHE") or Path.home() / ".cache" / "jitkit") / "nginx"
    root = unpacked(cache)
    wrong = []
    with contextlib.ExitStack() as ends:
        directory = ends.enter_context(tempfile.TemporaryDirectory())
        libraries = {"stock": root / "usr/lib/x86_64-linux-gnu", "jitkit": OURS}
        servers = {name: ends.enter_context(Server(root, library, Path(directory) / name))
                   for name, library in libraries.items()}
        for n in range(args.requests):
            answers = {name: get(server.port, f"/order?n={n}") for name, server in servers.items()}
            if answers["stock"] != answers["jitkit"]:
                wrong.append(f"/order?n={n}: other answers")
        print(f"{args.requests - len(wrong)} of {args.requests} answers are the same")
        speed: dict[str, list[float]] = {name: [] for name in servers}
        for _ in range(args.rounds):
            for name, server in servers.items():
                text = server.load(args.seconds)
                speed[name].append(float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]))
                failed = re.findall(r"(?:Non-2xx.*|Socket errors.*)", text)
                wrong += [f"{name}: {line.strip()}" for line in failed]
        rows = []
        for name, server in servers.items():
            server.stop()
            path, traces = server.library.split()
            rows.append([name, figures.number(statistics.median(speed[name]), "{:.0f}"), traces, path])
            wrong += [f"{name}: {line}" for line in server.log().splitlines() if "[alert]" in line or "[error]" in line]
        print(figures.table(["", "requests/s", "traces", "library"], rows))
        if not servers["jitkit"].library.startswith(str(OURS)):
            wrong.append("nginx did not use jitkit's library")
        file = Path(directory) / "jitkit" / "statistics"
        counts = dict(re.findall(r"^(\w+) (\d+)$", file.read_text(), re.MULTILINE)) if file.exists() else {}
        print("traces compiled by jitkit: {traces_jitkit}, by stock's backend: {traces_stock}; {ir_instructions} IR "
              "instructions, {code_bytes} bytes of code".format_map(counts) if counts else "no statistics")
        if int(counts.get("traces_jitkit", 0)) == 0:
            wrong.append("jitkit compiled no trace")
    print("\n".join(wrong) if wrong else "no request failed")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
