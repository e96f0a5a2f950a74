"""Checks of schemas and computed values."""

from check_runner import assert_rejected, assert_same
from data_plane.temporary import TemporaryCollection, errors, through

SCHEMA = {
    "rule": {
        "type": "object",
        "properties": {"pages": {"type": "integer", "minimum": 1}},
        "required": ["pages"],
        "additionalProperties": True,
    },
    "level": "moderate",
    "message": "pages are missing",
    "type": "json",
}


def checks(runner):
    """Registers all checks of schemas and computed values."""
    schemas(runner)
    computed_values(runner)


def schemas(runner):
    """Registers the checks of schemas."""

    @runner.check
    def a_schema_is_reported_as_it_was_given():
        with TemporaryCollection(schema=SCHEMA) as books:
            assert_same(through(1, books).properties()["schema"], SCHEMA)
            other = SCHEMA | {"level": "none", "message": ""}
            assert_same(books.configure(schema=other)["schema"], other)

    @runner.check
    def a_document_that_breaks_the_schema_is_rejected():
        with TemporaryCollection(schema=SCHEMA | {"level": "strict"}) as books:
            assert_rejected(400, 1620, books.insert, {"_key": "a", "pages": 0})
            books.insert({"_key": "a", "pages": 1})
            assert_rejected(400, 1620, books.update, {"_key": "a", "pages": "many"})
            assert_rejected(400, 1620, books.replace, {"_key": "a", "title": "b"})
            assert_same(errors(books.insert_many([{"pages": 2}, {}, {"pages": 3}])), [None, 1620, None])
            assert_same(through(1, books).get("a")["pages"], 1)

    @runner.check
    def a_moderate_schema_accepts_invalid_documents_that_were_there_before():
        with TemporaryCollection() as books:
            books.insert({"_key": "old"})
            books.configure(schema=SCHEMA)
            assert_rejected(400, 1620, books.insert, {})
            assert_same(books.update({"_key": "old", "title": "a"}, return_new=True)["new"]["title"], "a")

    @runner.check
    def an_invalid_schema_is_rejected():
        with TemporaryCollection() as books:
            assert_rejected(400, 1621, books.configure, schema={"rule": {"type": "nothing"}, "level": "strict"})


def computed_values(runner):
    """Registers the checks of computed values."""

    @runner.check
    def a_value_is_computed_when_it_is_defined_to_be():
        full = {"name": "title", "expression": "RETURN CONCAT(@doc.first, ' ', @doc.last)", "overwrite": True}
        full |= {"computeOn": ["insert", "update", "replace"], "keepNull": True, "failOnWarning": False}
        first = {"name": "shelf", "expression": "RETURN 'new'", "overwrite": False}
        first |= {"computeOn": ["insert"], "keepNull": True, "failOnWarning": False}
        with TemporaryCollection(computedValues=[full, first]) as books:
            assert_same(through(1, books).properties()["computedValues"], [full, first])
            new = books.insert({"_key": "a", "first": "x", "last": "y", "title": "given"}, return_new=True)["new"]
            assert_same((new["title"], new["shelf"]), ("x y", "new"))
            new = books.update({"_key": "a", "last": "z"}, return_new=True)["new"]
            assert_same(new["title"], "x z")
            new = books.replace({"_key": "a", "first": "b", "last": "c"}, return_new=True)["new"]
            assert_same((new["title"], "shelf" in new), ("b c", False))

    @runner.check
    def computed_values_can_be_removed():
        value = {"name": "b", "expression": "RETURN @doc.a * 2", "overwrite": True}
        with TemporaryCollection(computedValues=[value]) as books:
            assert_same(books.insert({"a": 2}, return_new=True)["new"]["b"], 4)
            assert_same(books.configure(computed_values=[]).get("computedValues"), None)
            assert_same("b" in books.insert({"a": 2}, return_new=True)["new"], False)

    @runner.check
    def an_invalid_computed_value_is_rejected():
        with TemporaryCollection() as books:
            for expression in ["@doc.a", "RETURN", "FOR d IN books RETURN d"]:
                value = {"name": "b", "expression": expression, "overwrite": True}
                assert_rejected(400, 10, books.configure, computed_values=[value])
            twice = [{"name": "b", "expression": "RETURN 1", "overwrite": True}] * 2
            assert_rejected(400, 10, books.configure, computed_values=twice)
            for name in ["_id", "_key", "_rev"]:
                assert_rejected(400, 10, books.configure, computed_values=[twice[0] | {"name": name}])
            assert_rejected(400, 10, books.configure, computed_values=[twice[0] | {"computeOn": []}])
        with TemporaryCollection(shard_fields=["country"]) as books:
            assert_rejected(400, 10, books.configure, computed_values=[twice[0] | {"name": "country"}])
