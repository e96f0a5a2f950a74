"""Tests the embedded cluster with python-arango: `cargo xtask compat python-arango`.

The last line is `N checks, M failed`; the exit code is 0 if M is 0. The checks test the cluster, not the client.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import authentication  # noqa: E402
import cluster_api  # noqa: E402
import data_plane  # noqa: E402
import host_resolvers  # noqa: E402
import server_api  # noqa: E402
from check_runner import CheckRunner  # noqa: E402


def main():
    """Runs all checks and returns the exit code."""
    runner = CheckRunner()
    host_resolvers.checks(runner)
    authentication.checks(runner)
    server_api.checks(runner)
    data_plane.checks(runner)
    cluster_api.checks(runner)
    return 1 if runner.run() else 0


if __name__ == "__main__":
    sys.exit(main())
