"""Databases and collections that exist as long as a check needs them."""

import itertools

from data_plane.connections import root

NUMBERS = itertools.count()


class TemporaryCollection:
    """Creates a collection on entry to a `with` block, with the client's options, and drops it at the end.

    The block gets the collection through the coordinator that created it.
    """

    def __init__(self, **options):
        self._name = f"compat_{next(NUMBERS)}"
        self._options = options

    def __enter__(self):
        return root().create_collection(self._name, **self._options)

    def __exit__(self, *_):
        root().delete_collection(self._name)


class TemporaryDatabase:
    """Creates a database on entry to a `with` block and drops it at the end. The block gets its name."""

    def __init__(self, **options):
        self._name = f"compat_{next(NUMBERS)}"
        self._options = options

    def __enter__(self):
        root().create_database(self._name, **self._options)
        return self._name

    def __exit__(self, *_):
        root().delete_database(self._name)


def through(index, collection):
    """Returns the collection through another coordinator."""
    return root(index).collection(collection.name)


def errors(results):
    """Returns the error number of each element of an array's response, or `None` for those that succeeded."""
    return [getattr(result, "error_code", None) for result in results]


def values(collection, attribute):
    """Returns the values of an attribute of all documents, in the order of their keys."""
    query = "FOR d IN @@c SORT d._key RETURN d.@a"
    return list(root().aql.execute(query, bind_vars={"@c": collection.name, "a": attribute}))
