"""Checks of caches, rules, options, structured logs and checksums."""

from check_runner import assert_rejected, assert_same, assert_shape, assert_true
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection, through
from environment import superuser


def checks(runner):
    """Registers all checks of these settings."""

    @runner.check
    def the_rules_of_the_optimizer_have_flags():
        rules = root().aql.query_rules()
        flags = ("hidden", "clusterOnly", "canBeDisabled", "canCreateAdditionalPlans", "disabledByDefault", "enterpriseOnly")
        for rule in rules:
            assert_shape(rule, {"name": str, "flags": dict})
            assert_shape(rule["flags"], dict.fromkeys(flags, bool))
        assert_true(len(rules) > 50, f"{len(rules)}")

    @runner.check
    def the_cache_of_results_is_empty():
        cache = root().aql.cache
        assert_same(cache.entries(), [])
        assert_same(cache.clear(), True)

    @runner.check
    def the_plan_of_a_query_is_kept_by_its_coordinator():
        with TemporaryCollection() as books:
            cache = root().aql.cache
            query = "FOR b IN @@c FILTER b.n == @n RETURN b"
            for number in range(3):
                root().aql.execute(query, bind_vars={"@c": books.name, "n": number}, use_plan_cache=True)
            kept = [plan for plan in cache.plan_entries() if plan["dataSources"] == [books.name]]
            assert_same([(plan["query"], plan["hits"]) for plan in kept], [(query, 2)])
            assert_rejected(400, 1584, root().aql.execute, "RETURN {}.@a", bind_vars={"a": "a"}, use_plan_cache=True)
            cache.clear_plan()
            assert_same((cache.plan_entries(), root(1).aql.cache.plan_entries()), ([], []))

    @runner.check
    def the_properties_of_the_cache_of_results_belong_to_one_coordinator():
        cache = root().aql.cache
        assert_same(cache.properties()["mode"], "off")
        changed = cache.configure(mode="demand", max_results=7)
        assert_same((changed["mode"], changed["max_results"]), ("demand", 7))
        assert_same(root(1).aql.cache.properties()["mode"], "off")
        assert_rejected(400, 10, cache.configure, mode="always")
        cache.configure(mode="off", max_results=128)

    @runner.check
    def the_options_of_a_server_are_for_superusers():
        assert_rejected(403, 11, root().options)
        assert_rejected(403, 11, root().options_available)
        values, described = superuser().options(), superuser().options_available()
        assert_same((values["server.authentication"], described["server.authentication"]["default"]), (True, True))
        assert_same(sorted(values), sorted(described))

    @runner.check
    def the_format_of_databases_is_that_of_the_server():
        assert_same(root().required_db_version(), "31205")

    @runner.check
    def the_log_of_writes_can_be_flushed():
        assert_same(root().wal.flush(), True)

    @runner.check
    def parameters_of_structured_logs_are_switched():
        assert_same(root().set_log_settings(database=True, url=True), {"database": True, "url": True})
        assert_same(root().set_log_settings(database=False), {"url": True})
        assert_same((root().log_settings(), root(1).log_settings()), ({"url": True}, {}))
        root().set_log_settings(url=False)

    @runner.check
    def every_server_has_a_number():
        numbers = [root(index).replication.server_id() for index in range(3)]
        assert_same(len(set(numbers)), 3)

    @runner.check
    def collections_with_the_same_documents_have_the_same_checksum():
        with TemporaryCollection() as one, TemporaryCollection() as other:
            one.insert_many([{"_key": "a", "x": 1}, {"_key": "b"}])
            other.insert_many([{"_key": "b"}, {"_key": "a", "x": 2}])
            assert_same(one.checksum(), through(1, other).checksum())
            assert_true(one.checksum(with_data=True) != other.checksum(with_data=True), "the data differs")
