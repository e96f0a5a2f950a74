"""Checks of collections: create, properties, figures, shards, truncate, drop."""

import re

from check_runner import assert_rejected, assert_same, assert_shape, assert_true
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection, through
from environment import ENDPOINTS

PROPERTIES = dict.fromkeys(["id", "name", "global_id", "sharding_strategy", "status_string"], str)
PROPERTIES |= dict.fromkeys(["system", "smart", "edge", "sync", "cache"], bool)
PROPERTIES |= dict.fromkeys(["type", "status", "shard_count"], int)
PROPERTIES |= dict.fromkeys(["replication_factor", "min_replication_factor", "write_concern"], int)


def checks(runner):
    """Registers all checks of collections."""
    lifecycle(runner)
    properties(runner)
    key_options(runner)
    content(runner)


def lifecycle(runner):
    """Registers the checks of creating, listing and dropping."""

    @runner.check
    def a_new_collection_is_known_to_every_coordinator():
        with TemporaryCollection() as books:
            for index in range(len(ENDPOINTS)):
                assert_same(root(index).has_collection(books.name), True)
                listed = {each["name"]: each for each in root(index).collections()}
                assert_same((listed[books.name]["type"], listed[books.name]["system"]), ("document", False))
        assert_same(root(1).has_collection(books.name), False)

    @runner.check
    def a_dropped_collection_is_unknown():
        with TemporaryCollection() as books:
            books.insert({"_key": "a"})
        for call in (books.properties, books.count, books.statistics, books.shards, books.truncate, books.indexes):
            assert_rejected(404, 1203, call)
        assert_rejected(404, 1203, books.insert, {})
        assert_rejected(404, 1203, root().delete_collection, books.name)
        assert_same(root().delete_collection(books.name, ignore_missing=True), False)

    @runner.check
    def a_name_is_used_once():
        with TemporaryCollection() as books:
            assert_rejected(409, 1207, root(1).create_collection, books.name)

    @runner.check
    def an_illegal_name_of_a_collection_is_rejected():
        for name in ["", "with/slash", "_leading", "a" * 257]:
            assert_rejected(400, 1208, root().create_collection, name)

    @runner.check
    def a_system_collection_is_dropped_only_by_its_flag():
        root().create_collection("_compat", system=True)
        assert_rejected(403, 11, root().delete_collection, "_compat")
        assert_same(root().delete_collection("_compat", system=True), True)

    @runner.check
    def a_collection_cannot_be_renamed_in_a_cluster():
        with TemporaryCollection() as books:
            assert_rejected(501, 1470, books.rename, "compat_other")


def properties(runner):
    """Registers the checks of properties."""

    @runner.check
    def properties_have_the_defaults_of_a_cluster():
        with TemporaryCollection() as books:
            found = through(1, books).properties()
            more = {"key_options": dict, "shard_fields": list, "schema": type(None), "computedValues": type(None)}
            given = {key: found[key] for key in found if key in PROPERTIES | more}
            assert_shape(given, {key: (PROPERTIES | more)[key] for key in given}, "properties")
            assert_same(sorted(set(PROPERTIES) - set(found)), [], "missing properties")
            assert_same((found["shard_count"], found["shard_fields"]), (1, ["_key"]))
            assert_same((found["edge"], found["sync"], found["sharding_strategy"]), (False, False, "hash"))

    @runner.check
    def properties_of_a_new_collection_are_those_that_were_given():
        options = {"sync": True, "edge": True, "shard_count": 3, "shard_fields": ["a", "b"], "write_concern": 2}
        with TemporaryCollection(replication_factor=2, sharding_strategy="hash", **options) as books:
            found = through(2, books).properties()
            assert_same({key: found[key] for key in options}, options)
            assert_same((found["type"], found["replication_factor"]), (3, 2))

    @runner.check
    def properties_are_changed_for_all_coordinators():
        with TemporaryCollection(shard_count=2) as books:
            changed = books.configure(sync=True, replication_factor=3, write_concern=2)
            assert_same(through(1, books).properties(), changed)
            assert_same([changed[key] for key in ("sync", "replication_factor", "write_concern")], [True, 3, 2])
            assert_same(changed["shard_count"], 2)

    @runner.check
    def a_collection_is_sharded_like_another():
        with TemporaryCollection(shard_count=3, replication_factor=2) as books:
            with TemporaryCollection(shard_like=books.name) as pages:
                found = pages.properties()
                assert_same((found["shard_like"], found["shard_count"]), (books.name, 3))
                leaders = [list(each.shards(details=True)["shards"].values()) for each in (books, pages)]
                assert_same(leaders[0], leaders[1], "servers of the shards")
                assert_rejected(500, 1484, root().create_collection, "compat_never", shard_like=pages.name)
        assert_rejected(500, 1486, root().create_collection, "compat_never", shard_like="missing")

    @runner.check
    def more_copies_than_servers_are_rejected_unless_that_is_allowed():
        assert_rejected(500, 1487, root().create_collection, "compat_never", replication_factor=4)
        with TemporaryCollection(replication_factor=4, enforce_replication_factor=False) as books:
            assert_same(books.properties()["replication_factor"], 4)

    @runner.check
    def too_many_shards_are_rejected():
        assert_rejected(400, 1450, root().create_collection, "compat_never", shard_count=1001)


def key_options(runner):
    """Registers the checks of generated and given keys."""

    @runner.check
    def key_options_are_reported():
        with TemporaryCollection(key_generator="padded", user_keys=False) as books:
            found = books.properties()["key_options"]
            assert_same((found["key_generator"], found["user_keys"]), ("padded", False))
        with TemporaryCollection(key_generator="autoincrement", key_increment=5, key_offset=10) as books:
            found = books.properties()["key_options"]
            assert_same((found["key_increment"], found["key_offset"]), (5, 10))

    @runner.check
    def each_generator_makes_keys_of_its_form():
        forms = {"traditional": r"\d+", "padded": r"[0-9a-f]{16}", "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"}
        for generator, form in forms.items():
            with TemporaryCollection(key_generator=generator) as books:
                keys = [through(index, books).insert({})["_key"] for index in range(len(ENDPOINTS))]
                assert_true(all(re.fullmatch(form, key) for key in keys), f"{generator}: {keys}")
                assert_same(len(set(keys)), 3, "distinct keys")

    @runner.check
    def keys_count_up_by_the_increment_and_continue_above_given_ones():
        with TemporaryCollection(key_generator="autoincrement", key_increment=5, key_offset=10) as books:
            keys = [through(index, books).insert({})["_key"] for index in range(3)]
            assert_same(keys, ["10", "15", "20"])
            books.insert({"_key": "100"})
            assert_same(books.insert({})["_key"], "105")

    @runner.check
    def given_keys_are_rejected_if_only_the_server_may_choose():
        with TemporaryCollection(user_keys=False) as books:
            assert_rejected(400, 1222, books.insert, {"_key": "a"})
            assert_same(books.has(books.insert({})["_key"]), True)

    @runner.check
    def given_keys_are_rejected_with_other_shard_keys():
        with TemporaryCollection(shard_count=3, shard_fields=["country"]) as books:
            assert_rejected(400, 1466, books.insert, {"_key": "a", "country": "fr"})
            made = books.insert({"country": "fr"})
            assert_same(through(1, books).get(made["_key"])["country"], "fr")
            assert_rejected(400, 1469, books.update, {"_key": made["_key"], "country": "de"})
            assert_same(books.update({"_key": made["_key"], "pages": 1}, return_new=True)["new"]["country"], "fr")

    @runner.check
    def counting_keys_need_one_shard():
        wanted = {"key_generator": "autoincrement", "shard_count": 2}
        assert_rejected(501, 1470, root().create_collection, "compat_never", **wanted)

    @runner.check
    def the_generators_are_listed():
        assert_same(sorted(root().key_generators()), ["autoincrement", "padded", "traditional", "uuid"])


def content(runner):
    """Registers the checks of counts, figures and shards."""

    @runner.check
    def documents_are_counted_by_every_coordinator():
        with TemporaryCollection(shard_count=3) as books:
            books.insert_many([{"n": number} for number in range(20)])
            assert_same([through(index, books).count() for index in range(3)], [20] * 3)
            assert_same(through(1, books).recalculate_count(), True)
            assert_same(len(books), 20)

    @runner.check
    def figures_grow_with_the_documents():
        with TemporaryCollection() as books:
            empty = books.statistics()
            assert_same((empty["documents_size"], empty["indexes"]["count"]), (0, 1))
            books.insert({"text": "x" * 1000})
            assert_true(through(1, books).statistics()["documents_size"] > 1000, "documentsSize")

    @runner.check
    def a_revision_changes_with_every_write():
        with TemporaryCollection(shard_count=2) as books:
            seen = [books.revision()]
            key = books.insert({})["_key"]
            seen.append(through(1, books).revision())
            books.update({"_key": key, "a": 1})
            seen.append(books.revision())
            books.delete(key)
            seen.append(books.revision())
            assert_true(all(type(each) is str for each in seen), f"{seen}")
            assert_same(len(set(seen)), 4, "distinct revisions")
            assert_same(through(2, books).revision(), seen[-1])

    @runner.check
    def a_document_is_in_the_shard_that_is_responsible_for_it():
        with TemporaryCollection(shard_count=3, replication_factor=2) as books:
            shards = through(1, books).shards(details=True)["shards"]
            assert_same((len(shards), {len(servers) for servers in shards.values()}), (3, {2}))
            assert_same(sorted(books.shards()["shards"]), sorted(shards))
            found = {books.responsible_shard({"_key": str(key)}) for key in range(30)}
            assert_same(found, set(shards))
            assert_rejected(400, 1468, books.responsible_shard, {"other": 1})

    @runner.check
    def truncation_removes_all_documents_and_keeps_the_collection():
        with TemporaryCollection(shard_count=3) as books:
            books.insert_many([{} for _ in range(10)])
            before = books.properties()
            assert_same(through(1, books).truncate(sync=True, compact=False), True)
            assert_same((through(2, books).count(), books.properties()), (0, before))

    @runner.check
    def loading_and_compaction_succeed():
        with TemporaryCollection() as books:
            assert_same((books.load(), books.unload(), books.load_indexes()), (True, True, True))
            assert_same(books.compact()["name"], books.name)
