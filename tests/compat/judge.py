"""Counts checks: each is a function whose name is a promise of the cluster."""

import time
import traceback

from arango.exceptions import ArangoServerError


class Judge:
    """Runs checks in the order in which they were written down."""

    def __init__(self):
        self._checks = []

    def check(self, function):
        """Takes a function as a check; it fails if the function raises anything."""
        self._checks.append(function)
        return function

    def run(self):
        """Runs all checks and prints a line for each; returns how many failed."""
        failed = 0
        for function in self._checks:
            begin = time.monotonic()
            try:
                function()
                verdict = "ok"
            except Exception:
                failed += 1
                verdict = "FAILED"
                traceback.print_exc()
            promise = function.__name__.replace("_", " ")
            print(f"{verdict:<6} {promise} ({time.monotonic() - begin:.2f} s)")
        print(f"{len(self._checks)} checks, {failed} failed")
        return failed


def same(actual, expected, what="value"):
    """What was answered is what was expected, in type too: `1` is not `True`, and `1.0` is not `1`."""
    if actual != expected or type(actual) is not type(expected):
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def shaped(document, shape, what="document"):
    """The document has exactly the keys of the shape, with values of its types."""
    if not isinstance(document, dict) or set(document) != set(shape):
        raise AssertionError(f"{what}: expected the keys {sorted(shape)}, got {document!r}")
    for key, types in shape.items():
        types = types if isinstance(types, tuple) else (types,)
        # By `type`, not `isinstance`: a bool is an int in Python.
        if type(document[key]) not in types:
            raise AssertionError(f"{what}[{key!r}]: expected {types}, got {document[key]!r}")


def holds(condition, what):
    """Something is true."""
    if condition is not True:
        raise AssertionError(what)


def refused(status, number, call, *arguments, **named):
    """The call is answered with this status and this error number."""
    try:
        result = call(*arguments, **named)
    except ArangoServerError as error:
        answer = (error.http_code, error.error_code)
        if answer != (status, number):
            raise AssertionError(f"expected {status}/{number}, got {answer} from {error.url}: {error}") from error
        return
    raise AssertionError(f"expected {status}/{number}, but the call succeeded: {result!r}")


def eventually(condition, what, within):
    """Something becomes true within so many seconds; returns the value that made it true."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within} s")
        time.sleep(0.05)
