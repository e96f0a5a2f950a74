"""Runs and counts checks. The name of a check states what the cluster does."""

import time
import traceback

from arango.exceptions import ArangoServerError


class CheckRunner:
    """Runs checks in the order of their registration."""

    def __init__(self):
        self._checks = []

    def check(self, function):
        """Registers a function as a check. The check fails if the function raises an exception."""
        self._checks.append(function)
        return function

    def run(self):
        """Runs all checks, prints a line for each, and returns the number of failures."""
        failed = 0
        for function in self._checks:
            begin = time.monotonic()
            try:
                function()
                result = "ok"
            except Exception:
                failed += 1
                result = "FAILED"
                traceback.print_exc()
            description = function.__name__.replace("_", " ")
            print(f"{result:<6} {description} ({time.monotonic() - begin:.2f} s)")
        print(f"{len(self._checks)} checks, {failed} failed")
        return failed


def assert_same(actual, expected, what="value"):
    """Asserts equality of value and type: `1` differs from `True` and from `1.0`."""
    if actual != expected or type(actual) is not type(expected):
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def assert_shape(document, shape, what="document"):
    """Asserts that the document has exactly the keys of the shape, with values of the given types."""
    if not isinstance(document, dict) or set(document) != set(shape):
        raise AssertionError(f"{what}: expected the keys {sorted(shape)}, got {document!r}")
    for key, types in shape.items():
        types = types if isinstance(types, tuple) else (types,)
        # By `type`, not `isinstance`: a bool is an int in Python.
        if type(document[key]) not in types:
            raise AssertionError(f"{what}[{key!r}]: expected {types}, got {document[key]!r}")


def assert_true(condition, what):
    """Asserts that the condition is `True`."""
    if condition is not True:
        raise AssertionError(what)


def assert_rejected(status, number, call, *arguments, **named):
    """Asserts that the call fails with this HTTP status and this error number."""
    try:
        result = call(*arguments, **named)
    except ArangoServerError as error:
        actual = (error.http_code, error.error_code)
        if actual != (status, number):
            raise AssertionError(f"expected {status}/{number}, got {actual} from {error.url}: {error}") from error
        return
    raise AssertionError(f"expected {status}/{number}, but the call succeeded: {result!r}")


def eventually(condition, what, within):
    """Waits at most `within` seconds until the condition returns a true value, and returns that value."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within} s")
        time.sleep(0.05)
