"""Drives the embedded cluster with python-arango: `cargo xtask compat python-arango`.

The last line is `N checks, M failed`; the exit code is 0 if M is 0. It judges the cluster: what the client does wrong
by itself is not looked at.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import authentication  # noqa: E402
import cluster_api  # noqa: E402
import host_resolvers  # noqa: E402
import server_api  # noqa: E402
from judge import Judge  # noqa: E402


def main():
    """Runs all checks."""
    judge = Judge()
    host_resolvers.checks(judge)
    authentication.checks(judge)
    server_api.checks(judge)
    cluster_api.checks(judge)
    return 1 if judge.run() else 0


if __name__ == "__main__":
    sys.exit(main())
