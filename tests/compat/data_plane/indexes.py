"""Checks of indexes: definitions, uniqueness, listing, dropping."""

from check_runner import assert_rejected, assert_same, assert_true
from data_plane.temporary import TemporaryCollection, errors, through

PERSISTENT = {"unique": False, "sparse": False, "deduplicate": True, "estimates": True, "cacheEnabled": False}


def checks(runner):
    """Registers all checks of indexes."""
    definitions(runner)
    rejected_definitions(runner)
    uniqueness(runner)
    lists(runner)


def definitions(runner):
    """Registers the checks of definitions by type."""

    @runner.check
    def a_persistent_index_has_the_defaults_of_its_type():
        with TemporaryCollection() as books:
            made = books.add_index({"type": "persistent", "fields": ["title", "author.name"]})
            assert_same(made["fields"], ["title", "author.name"])
            assert_same({key: made[key] for key in PERSISTENT}, PERSISTENT)
            assert_same((made["isNewlyCreated"], made["type"]), (True, "persistent"))
            assert_true(made["name"].startswith("idx_"), f"name: {made['name']}")

    @runner.check
    def an_equal_definition_is_the_same_index():
        with TemporaryCollection() as books:
            definition = {"type": "persistent", "fields": ["a"], "sparse": True}
            made = books.add_index(definition)
            again = through(1, books).add_index(definition)
            assert_same((again["id"], again["isNewlyCreated"]), (made["id"], False))
            other = books.add_index(definition | {"sparse": False})
            assert_true(other["id"] != made["id"], "another definition is another index")

    @runner.check
    def options_of_a_persistent_index_are_reported():
        with TemporaryCollection() as books:
            options = PERSISTENT | {"sparse": True, "deduplicate": False, "estimates": False, "cacheEnabled": True}
            more = {"name": "by_title", "storedValues": ["pages"]}
            made = books.add_index({"type": "persistent", "fields": ["title"]} | options | more)
            assert_same({key: made[key] for key in options | more}, options | more)

    @runner.check
    def a_ttl_index_is_a_definition_without_effect():
        with TemporaryCollection() as books:
            made = books.add_index({"type": "ttl", "fields": ["at"], "expireAfter": 0, "name": "expiry"})
            assert_same((made["expireAfter"], made["name"], made["fields"]), (0, "expiry", ["at"]))
            books.insert({"_key": "old", "at": 0})
            assert_same(through(1, books).has("old"), True)

    @runner.check
    def a_geo_index_takes_one_or_two_fields():
        with TemporaryCollection() as books:
            one = books.add_index({"type": "geo", "fields": ["place"], "geoJson": True})
            two = books.add_index({"type": "geo", "fields": ["latitude", "longitude"]})
            assert_same((one["geoJson"], two["geoJson"]), (True, False))
            assert_same((one["sparse"], one["unique"]), (True, False))

    @runner.check
    def inverted_and_multidimensional_indexes_are_definitions():
        with TemporaryCollection() as books:
            inverted = books.add_index({"type": "inverted", "fields": ["title"], "name": "search"})
            assert_same((inverted["analyzer"], inverted["includeAllFields"]), ("identity", False))
            mdi = books.add_index({"type": "mdi", "fields": ["x", "y"], "fieldValueTypes": "double"})
            assert_same((mdi["fieldValueTypes"], mdi["fields"]), ("double", ["x", "y"]))
            prefixed = {"type": "mdi-prefixed", "fields": ["x"], "fieldValueTypes": "double", "prefixFields": ["z"]}
            assert_same(books.add_index(prefixed)["prefixFields"], ["z"])

    @runner.check
    def a_multidimensional_index_can_be_unique():
        with TemporaryCollection() as points:
            points.add_index({"type": "mdi", "fields": ["x", "y"], "fieldValueTypes": "double", "unique": True})
            points.insert({"x": 1, "y": 2})
            assert_rejected(409, 1210, points.insert, {"x": 1, "y": 2})

    @runner.check
    def positions_are_found_by_their_distance():
        with TemporaryCollection(shard_count=2) as places:
            assert_rejected(404, 1570, places.find_near, 1, 1)
            places.add_index({"type": "geo", "fields": ["at"]})
            places.insert_many([{"_key": str(degree), "at": [degree, degree]} for degree in range(1, 6)])
            assert_same([place["_key"] for place in places.find_near(2, 1.9, limit=3)], ["2", "1", "3"])
            found = list(places.find_in_radius(4, 4, 10, "far"))
            assert_same([(place["_key"], place["far"]) for place in found], [("4", 0)])

    @runner.check
    def words_are_found_in_texts():
        with TemporaryCollection(shard_count=2) as notes:
            assert_rejected(404, 1571, notes.find_by_text, "text", "foo")
            notes.add_index({"type": "fulltext", "fields": ["text"], "minLength": 3})
            notes.insert_many([{"_key": "1", "text": "Foo and bar"}, {"_key": "2", "text": "foo"}, {"_key": "3", "text": "bars"}])
            for words, keys in [("foo", "12"), ("foo,-bar", "2"), ("prefix:bar", "13"), ("bar,|foo", "12")]:
                assert_same(sorted(note["_key"] for note in notes.find_by_text("text", words)), list(keys), words)
            assert_same(len(list(notes.find_by_text("text", "foo", 1))), 1)
            assert_rejected(400, 10, notes.find_by_text, "text", "+")

    @runner.check
    def an_index_built_in_the_background_says_so():
        with TemporaryCollection() as books:
            made = books.add_index({"type": "persistent", "fields": ["a"], "inBackground": True})
            assert_same(made["inBackground"], True)

    @runner.check
    def an_edge_collection_has_an_edge_index():
        with TemporaryCollection(edge=True) as links:
            kinds = [index["type"] for index in links.indexes()]
            assert_same(kinds, ["primary", "edge"])
            assert_same(links.indexes()[1]["fields"], ["_from", "_to"])


def rejected_definitions(runner):
    """Registers the checks of definitions that are rejected."""

    @runner.check
    def an_invalid_definition_is_rejected():
        definitions = [
            {"type": "persistent", "fields": []},
            {"type": "persistent"},
            {"type": "unknown", "fields": ["a"]},
            {"fields": ["a"]},
            {"type": "ttl", "fields": ["a"]},
            {"type": "ttl", "fields": ["a", "b"], "expireAfter": 1},
            {"type": "geo", "fields": ["a", "b", "c"]},
            {"type": "mdi", "fields": ["a"]},
            {"type": "mdi-prefixed", "fields": ["a"], "fieldValueTypes": "double"},
            {"type": "vector", "fields": ["a"]},
        ]
        with TemporaryCollection() as books:
            for definition in definitions:
                assert_rejected(400, 10, books.add_index, definition)
            assert_same(len(books.indexes()), 1)

    @runner.check
    def a_name_belongs_to_one_index():
        with TemporaryCollection() as books:
            books.add_index({"type": "persistent", "fields": ["a"], "name": "first"})
            assert_rejected(400, 1207, books.add_index, {"type": "persistent", "fields": ["b"], "name": "first"})

    @runner.check
    def a_collection_has_at_most_one_ttl_index():
        with TemporaryCollection() as books:
            books.add_index({"type": "ttl", "fields": ["a"], "expireAfter": 1})
            assert_rejected(400, 10, books.add_index, {"type": "ttl", "fields": ["b"], "expireAfter": 1})

    @runner.check
    def a_unique_index_covers_the_shard_keys():
        with TemporaryCollection(shard_count=3, shard_fields=["country"]) as books:
            definition = {"type": "persistent", "fields": ["title"], "unique": True}
            assert_rejected(400, 1470, books.add_index, definition)
            made = books.add_index(definition | {"fields": ["country", "title"]})
            assert_same(made["unique"], True)


def uniqueness(runner):
    """Registers the checks of what a unique index does."""

    @runner.check
    def a_value_of_a_unique_index_is_used_once():
        with TemporaryCollection() as books:
            books.add_index({"type": "persistent", "fields": ["isbn"], "unique": True, "name": "by_isbn"})
            books.insert({"_key": "a", "isbn": 1})
            assert_rejected(409, 1210, through(1, books).insert, {"isbn": 1})
            books.insert({"_key": "b", "isbn": 2})
            assert_rejected(409, 1210, books.update, {"_key": "b", "isbn": 1})
            assert_same(errors(books.insert_many([{"isbn": 3}, {"isbn": 3}])), [None, 1210])
            books.delete("a")
            assert_same(books.update({"_key": "b", "isbn": 1})["_key"], "b")

    @runner.check
    def a_sparse_unique_index_ignores_documents_without_the_value():
        with TemporaryCollection() as books:
            index = books.add_index({"type": "persistent", "fields": ["isbn"], "unique": True, "sparse": True})
            assert_same(errors(books.insert_many([{}, {}, {"isbn": None}])), [None] * 3)
            books.truncate()
            books.delete_index(index["id"])
            books.add_index({"type": "persistent", "fields": ["isbn"], "unique": True})
            assert_same(errors(books.insert_many([{}, {}, {"isbn": None}])), [None, 1210, 1210])

    @runner.check
    def an_index_over_duplicates_cannot_be_unique():
        with TemporaryCollection() as books:
            books.insert_many([{"isbn": 1}, {"isbn": 1}])
            definition = {"type": "persistent", "fields": ["isbn"], "unique": True}
            assert_rejected(400, 1210, books.add_index, definition)
            assert_same(len(books.indexes()), 1)

    @runner.check
    def a_dropped_index_has_no_effect():
        with TemporaryCollection() as books:
            index = books.add_index({"type": "persistent", "fields": ["isbn"], "unique": True})
            books.insert({"isbn": 1})
            assert_same(through(1, books).delete_index(index["id"]), True)
            assert_same(books.insert({"isbn": 1}, silent=True), True)


def lists(runner):
    """Registers the checks of listing, reading and dropping."""

    @runner.check
    def indexes_are_listed_by_every_coordinator():
        with TemporaryCollection() as books:
            made = books.add_index({"type": "persistent", "fields": ["a"], "name": "by_a"})
            for index in range(3):
                listed = {each["name"]: each for each in through(index, books).indexes()}
                assert_same(sorted(listed), ["by_a", "primary"])
                assert_same(listed["by_a"]["id"], made["id"])
                primary = listed["primary"]
                parts = (primary["id"], primary["type"], primary["fields"], primary["unique"])
                assert_same(parts, ("0", "primary", ["_key"], True))
            assert_same([each["name"] for each in books.indexes(with_hidden=True)], ["primary", "by_a"])

    @runner.check
    def an_index_is_read_by_id_and_by_name():
        with TemporaryCollection() as books:
            made = books.add_index({"type": "persistent", "fields": ["a"], "name": "by_a"})
            assert_same(through(1, books).get_index(made["id"])["fields"], ["a"])
            assert_same(through(2, books).get_index("by_a")["id"], made["id"])
            assert_rejected(404, 1212, books.get_index, "missing")

    @runner.check
    def an_index_is_dropped_once_and_the_primary_never():
        with TemporaryCollection() as books:
            made = books.add_index({"type": "persistent", "fields": ["a"]})
            assert_same(books.delete_index(made["id"]), True)
            assert_rejected(404, 1212, books.delete_index, made["id"])
            assert_same(books.delete_index(made["id"], ignore_missing=True), False)
            assert_rejected(403, 11, books.delete_index, "0")
