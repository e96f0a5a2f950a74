"""Databases as root, whose connections are reused: a new one with TLS takes longer than most checks."""

import functools

import environment


@functools.cache
def root(index=0, database="_system"):
    """Returns a database through one coordinator, as root."""
    return environment.root(index, database)
