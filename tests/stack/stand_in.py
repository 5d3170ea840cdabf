"""Stands in for a child: with --port a small server that is healthy, else a worker that says it is ready."""

import argparse
import http.server
import os
import signal
import sys
import time
from pathlib import Path


class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--mail-port")
    parser.add_argument("--state")
    parser.add_argument("--run")
    parser.add_argument("--dies-after", type=Path, help="a file: dies once it is there")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if options.port:
        http.server.HTTPServer((options.host, options.port), Healthy).serve_forever()
    told = os.environ.get("HOLDFAST_RUN")
    print(f'{{"event": "worker_ready", "run": "{options.run}", "told": "{told}"}}', flush=True)
    if options.dies_after:
        while not options.dies_after.exists():
            time.sleep(0.02)
        sys.exit("no reason")
    time.sleep(600)


main()
