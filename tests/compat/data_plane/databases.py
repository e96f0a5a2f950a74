"""Checks of databases: create, list, describe, drop."""

from check_runner import assert_rejected, assert_same, assert_shape, assert_true
from data_plane.connections import root
from data_plane.temporary import TemporaryDatabase
from environment import ENDPOINTS, client


def checks(runner):
    """Registers all checks of databases."""
    lifecycle(runner)
    names_and_options(runner)


def lifecycle(runner):
    """Registers the checks of creating, listing and dropping."""

    @runner.check
    def a_new_database_is_listed_by_every_coordinator():
        with TemporaryDatabase() as name:
            for index in range(len(ENDPOINTS)):
                assert_true(name in root(index).databases(), f"coordinator {index} does not list {name}")
                assert_same(root(index).has_database(name), True)
            assert_true(name in root().databases_accessible_to_user(), "the user's databases")
        assert_same(root(1).has_database(name), False)

    @runner.check
    def a_database_describes_itself():
        shape = {"id": str, "name": str, "path": str, "system": bool, "sharding": str}
        shape |= {"replication_factor": int, "write_concern": int}
        with TemporaryDatabase(replication_factor=2, write_concern=2, sharding="flexible") as name:
            described = root(1, name).properties()
            assert_shape(described, shape)
            parts = [described[key] for key in ("name", "system", "sharding", "replication_factor", "write_concern")]
            assert_same(parts, [name, False, "flexible", 2, 2])
        assert_same(root().properties()["system"], True)

    @runner.check
    def a_dropped_database_is_unknown():
        with TemporaryDatabase() as name:
            gone = root(1, name)
            gone.create_collection("books")
        assert_rejected(404, 1228, gone.collections)
        assert_rejected(404, 1228, root().delete_database, name)
        assert_same(root().delete_database(name, ignore_missing=True), False)

    @runner.check
    def databases_have_separate_collections():
        with TemporaryDatabase() as name:
            root(0, name).create_collection("books").insert({"_key": "a"})
            assert_same(root(2, name).collection("books").count(), 1)
            assert_same(root().has_collection("books"), False)
            assert_rejected(404, 1203, root().collection("books").count)


def names_and_options(runner):
    """Registers the checks of names, users and sharding."""

    @runner.check
    def a_name_is_given_out_once():
        with TemporaryDatabase() as name:
            assert_rejected(409, 1207, root(1).create_database, name)

    @runner.check
    def an_illegal_name_is_rejected():
        for name in ["", "with/slash", "with:colon", "_leading", " leading"]:
            assert_rejected(400, 1208, root().create_database, name)

    @runner.check
    def a_name_beyond_ascii_is_accepted():
        name = "compat \u6771\u4eac"
        root().create_database(name)
        assert_true(name in root(1).databases(), "the list")
        assert_same(root(1, name).properties()["name"], name)
        assert_same(root(2, name).create_collection("books").insert({"_key": "a"})["_id"], "books/a")
        root().delete_database(name)

    @runner.check
    def databases_are_managed_from_the_system_database_only():
        with TemporaryDatabase() as name:
            inside = root(0, name)
            assert_rejected(403, 1230, inside.databases)
            assert_rejected(403, 1230, inside.create_database, "compat_never")
            assert_rejected(403, 1230, inside.delete_database, name)
            assert_true(name in inside.databases_accessible_to_user(), "the user's databases")
        assert_rejected(403, 11, root().delete_database, "_system")

    @runner.check
    def users_of_a_new_database_may_write_to_it():
        user = {"username": "compat_reader", "password": "pass", "extra": {"team": "a"}}
        with TemporaryDatabase(users=[user]) as name:
            own = client(ENDPOINTS[1]).db(name, username="compat_reader", password="pass")
            assert_same(own.create_collection("books").insert({"_key": "a"})["_key"], "a")
            assert_same(root().user("compat_reader")["extra"], {"team": "a"})
            changed = root().update_user("compat_reader", extra={"role": "b"})
            assert_same(changed["extra"], {"team": "a", "role": "b"})
            assert_same(root().permission("compat_reader", name), "rw")
        root().delete_user("compat_reader")

    @runner.check
    def a_one_shard_database_decides_how_collections_are_sharded():
        with TemporaryDatabase(sharding="single", replication_factor=2) as name:
            books = root(0, name).create_collection("books", shard_count=5, replication_factor=3)
            properties = books.properties()
            assert_same((properties["shard_count"], properties["replication_factor"]), (1, 2))

    @runner.check
    def a_write_concern_above_the_replication_factor_is_rejected():
        assert_rejected(400, 10, root().create_database, "compat_never", replication_factor=1, write_concern=2)
