#!/usr/bin/env python3
"""Compares the CPU time of drivers: insert, get, rows of a cursor, and bulk writes, against one stub server.

    python3 bench/run.py --install     # python-arango and arangojs, into bench/target and bench/arangojs
    python3 bench/run.py               # runs what is installed, and prints a table

Each client is a process that calls one after the other and reports its own CPU time; the server is another process.
The rounds alternate between the clients. A client that is not installed is skipped, unless it is named.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RELEASE = HERE / "target" / "release"
PYTHON = HERE / "target" / "venv" / "bin" / "python"
NODE_MODULES = HERE / "arangojs" / "node_modules"

CLIENTS = {
    "arango": [RELEASE / "arango-client"],
    "arangors": [RELEASE / "arangors-client"],
    "python-arango": [PYTHON, HERE / "python-arango" / "client.py"],
    "arangojs": ["node", HERE / "arangojs" / "client.mjs"],
}

SCENARIOS = ("insert", "get", "rows", "bulk", "import")

# Seconds after which a client counts as hanging; the slowest one needs a minute by default.
LIMIT = 1800

# There is no such call in the driver.
UNABLE = {("arangors", "bulk"), ("arangors", "import")}


def install():
    """Installs the drivers that are no Rust crates, with the versions of their lists."""
    requirements = HERE / "python-arango" / "requirements.txt"
    subprocess.run([sys.executable, "-m", "venv", PYTHON.parent.parent], check=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
    if shutil.which("npm"):
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE / "arangojs", check=True)
    else:
        print("skipped: arangojs, there is no npm")


def build(with_arangors):
    """Builds the programs in Rust; returns why arangors cannot be measured, if it cannot."""
    # Not `--locked`: the client's dependencies may have changed since `Cargo.lock` was written. All others are kept.
    cargo = ["cargo", "build", "--release"]
    if with_arangors and subprocess.run([*cargo, "--features", "arangors"], cwd=HERE).returncode == 0:
        return None
    subprocess.run(cargo, cwd=HERE, check=True)
    return "it could not be built" if with_arangors else "it was not asked for"


def reason_to_skip(name, arangors):
    """Returns why a client cannot be measured, if it cannot."""
    if name == "arangors":
        return arangors
    if name == "python-arango" and not PYTHON.exists():
        return "it is not installed: run.py --install"
    if name == "arangojs" and not shutil.which("node"):
        return "there is no node"
    if name == "arangojs" and not (NODE_MODULES / "arangojs").exists():
        return "it is not installed: run.py --install"
    return None


def measure(name, url, scenario, units):
    command = [*CLIENTS[name], url, scenario, str(units)]
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        sys.exit(f"{name} has not ended {scenario} after {LIMIT} s")
    if process.returncode:
        sys.exit(f"{name} failed: {process.stderr.strip()}")
    return json.loads(process.stdout)


def compare(names, url, scenario, units, rounds):
    """Returns the lines of a table for one scenario."""
    results = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            results[name].append(measure(name, url, scenario, units))
    sums = {result["sum"] for rounds in results.values() for result in rounds}
    if len(sums) != 1:
        sys.exit(f"{scenario}: the clients read different documents: {sums}")

    def median(name, figure):
        return statistics.median(figure(result) for result in results[name])

    def micros(name):
        return median(name, lambda result: result["cpu"] * 1e6 / units)

    for name in names:
        ratio = micros(name) / micros("arango")
        rate = median(name, lambda result: units / result["seconds"])
        peak = median(name, lambda result: (result["peakKib"] or 0) / 1024)
        yield f"| {scenario} | {name} | {micros(name):.2f} | {ratio:.2f} | {peak:.1f} | {rate:,.0f} |"


def names_among(known):
    """Returns a type of arguments: names from a list, separated by commas."""

    def names(text):
        unknown = [name for name in text.split(",") if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known are {', '.join(known)}")
        return text.split(",")

    return names


def positive(text):
    if int(text) < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return int(text)


def thousands(text):
    if positive(text) % 1000:
        raise argparse.ArgumentTypeError("it must be a multiple of 1000")
    return int(text)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--install", action="store_true", help="install python-arango and arangojs, and end")
    arguments.add_argument("--clients", type=names_among(CLIENTS), help="the clients, separated by commas; arango always")
    arguments.add_argument(
        "--scenarios", type=names_among(SCENARIOS), default=[*SCENARIOS], help="the scenarios, separated by commas"
    )
    arguments.add_argument("--calls", type=positive, default=10_000, help="calls of insert and get")
    arguments.add_argument("--rows", type=thousands, default=1_000_000, help="rows or documents, a multiple of 1,000")
    arguments.add_argument("--rounds", type=positive, default=3)
    arguments = arguments.parse_args()
    if arguments.install:
        return install()

    clients = arguments.clients or [*CLIENTS]
    arangors = build("arangors" in clients)
    skipped = {name: reason_to_skip(name, arangors) for name in clients}
    for name, reason in skipped.items():
        if arguments.clients and reason is not None:
            sys.exit(f"{name} cannot be measured: {reason}")
    names = ["arango", *(name for name, reason in skipped.items() if reason is None and name != "arango")]
    server = subprocess.Popen([RELEASE / "stub-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip()
        if not url:
            sys.exit("the stub server has ended")
        print("| scenario | client | µs of CPU | × arango | peak MiB | per second |")
        print("|---|---|---:|---:|---:|---:|")
        for scenario in arguments.scenarios:
            units = arguments.calls if scenario in ("insert", "get") else arguments.rows
            able = [name for name in names if (name, scenario) not in UNABLE]
            for line in compare(able, url, scenario, units, arguments.rounds):
                print(line, flush=True)
    finally:
        server.stdin.close()
        server.wait()
    for name, reason in skipped.items():
        if reason is not None:
            print(f"skipped: {name}, {reason}")


main()
