"""Checks that what the embedded cluster does not simulate is refused by its name, with 501 and error number 9."""

from arango.exceptions import ArangoServerError

from check_runner import assert_same, assert_true
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection


def assert_refused(name, call, *arguments, **named):
    """Asserts that a call is refused with 501 and error number 9, and that the message has the name."""
    try:
        result = call(*arguments, **named)
    except ArangoServerError as error:
        assert_same((error.http_code, error.error_code), (501, 9), f"{name}: {error}")
        assert_true(name in str(error), f"the message does not name {name}: {error}")
        return
    raise AssertionError(f"{name} was not refused: {result!r}")


def checks(runner):
    """Registers all checks of refusals."""

    @runner.check
    def parts_of_aql_that_are_not_simulated_are_refused_by_name():
        with TemporaryCollection(edge=True) as links:
            queries = {
                "weighted": f"FOR v IN OUTBOUND 'books/1' {links.name} OPTIONS {{ order: 'weighted' }} RETURN v",
                "SHORTEST_PATH": f"FOR v IN ANY SHORTEST_PATH 'books/1' TO 'books/2' {links.name} RETURN v",
                "WINDOW": "FOR i IN 1..3 WINDOW {preceding: 1} AGGREGATE s = SUM(i) RETURN s",
                "WITHIN_RECTANGLE": f"FOR d IN WITHIN_RECTANGLE({links.name}, 1, 2, 3, 4) RETURN d",
            }
            for name, query in queries.items():
                assert_refused(name, root().aql.execute, query)

    @runner.check
    def options_of_queries_that_are_not_simulated_are_refused_by_name():
        with TemporaryCollection(shard_count=2, shard_fields=["a", "b"]) as books:
            query = f"FOR b IN {books.name} RETURN b"
            assert_refused("forceOneShardAttributeValue", root().aql.execute, query, force_one_shard_attribute_value="a")
            query = f"FOR i IN 1..3 INSERT {{ a: 1, b: 2 }} INTO {books.name}"
            assert_refused("intermediate commits", root().aql.execute, query, intermediate_commit_count=2)

    @runner.check
    def attributes_of_collections_that_are_not_simulated_are_refused_by_name():
        create = root().create_collection
        assert_refused("smartJoinAttribute", create, "compat_never", smart_join_attribute="a")
        assert_refused("shardKeys", create, "compat_never", shard_fields=["a:"])
        strategy = "enterprise-hash-smart-edge"
        assert_refused("shardingStrategy", create, "compat_never", sharding_strategy=strategy)
        keyword = {"rule": {"type": "object", "patternProperties": {}}, "level": "strict"}
        assert_refused("patternProperties", create, "compat_never", schema=keyword)

    @runner.check
    def smart_and_satellite_graphs_are_refused_by_name():
        create = root().create_graph
        assert_refused("options.isSmart", create, "compat_never", smart=True)
        assert_refused("options.smartGraphAttribute", create, "compat_never", smart=True, smart_field="a")
        assert_refused("options.isDisjoint", create, "compat_never", disjoint=True)
        assert_refused("replicationFactor", create, "compat_never", replication_factor="satellite")
        create("compat_plain", smart=False, disjoint=False)
        root().delete_graph("compat_plain")

    @runner.check
    def areas_that_are_not_simulated_are_refused():
        calls = {
            "/_api/transaction": lambda: root().execute_transaction("function () {}"),
            "/_admin/backup": lambda: root().backup.create("compat"),
            "/_api/tasks": lambda: root().create_task("compat", "1", offset=1),
            "user-defined functions": lambda: root().aql.execute("RETURN math::twice(1)"),
        }
        for path, call in calls.items():
            assert_refused(path, call)
