"""Checks of explaining, parsing, listing and killing queries."""

import threading

from arango.exceptions import AQLQueryExecuteError
from arango.request import Request

import environment
from check_runner import assert_rejected, assert_same, assert_true, eventually
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection, TemporaryDatabase
from environment import superuser


def checks(runner):
    """Registers all checks of queries that are not run, or that are running."""
    plans(runner)
    running(runner)
    properties(runner)


def plans(runner):
    """Registers the checks of explaining and parsing."""

    @runner.check
    def a_query_is_explained_without_being_run():
        with TemporaryCollection() as books:
            plan = root().aql.explain("FOR i IN 1..3 INSERT {} INTO @@c", bind_vars={"@c": books.name})
            assert_same(plan["isModificationQuery"], True)
            assert_same(plan["collections"], [{"name": books.name, "type": "write"}])
            assert_same(books.count(), 0)
            plan = root().aql.explain("FOR d IN @@c RETURN d", bind_vars={"@c": books.name})
            assert_same((plan["isModificationQuery"], plan["collections"][0]["type"]), (False, "read"))
            assert_true({"nodes", "rules", "variables", "stats"} <= set(plan), f"{plan}")

    @runner.check
    def all_plans_of_a_query_are_explained():
        plans = root().aql.explain("RETURN 1", all_plans=True, max_plans=5, opt_rules=["-all"])
        assert_true(isinstance(plans, list) and len(plans) >= 1, f"{plans}")
        assert_same([plan["isModificationQuery"] for plan in plans], [False] * len(plans))

    @runner.check
    def an_invalid_query_is_not_explained():
        assert_rejected(400, 1501, root().aql.explain, "INVALID QUERY")
        assert_rejected(400, 1551, root().aql.explain, "RETURN @a")
        assert_rejected(404, 1203, root().aql.explain, "FOR d IN compat_missing RETURN d")

    @runner.check
    def a_query_is_parsed_without_its_bind_parameters():
        parsed = root().aql.validate("FOR d IN compat_missing FILTER d.a == @a RETURN d")
        assert_same((parsed["parsed"], parsed["collections"], parsed["bind_vars"]), (True, ["compat_missing"], ["a"]))
        assert_same(root().aql.validate("FOR d IN @@c RETURN @b")["bind_vars"], ["@c", "b"])


class SleepingQuery:
    """Runs a query in a thread that sleeps until it is killed. The block gets its id."""

    def __init__(self, **options):
        self._options = options
        self._error = None
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            environment.root().aql.execute("RETURN SLEEP(@seconds)", bind_vars={"seconds": 20}, **self._options)
        except AQLQueryExecuteError as error:
            self._error = (error.http_code, error.error_code)

    def __enter__(self):
        self._thread.start()
        found = eventually(lambda: [each["id"] for each in root(1).aql.queries()], "the query is listed", 5)
        return found[0]

    def __exit__(self, *_):
        self._thread.join()
        assert_same(self._error, (410, 1500), "the end of the query")


def running(runner):
    """Registers the checks of queries that are running."""

    @runner.check
    def a_running_query_is_listed_and_killed_through_another_coordinator():
        with SleepingQuery() as query:
            listed = root(2).aql.queries()
            assert_same(len(listed), 1)
            # The client renames some of the attributes.
            parts = {key: listed[0][key] for key in ("id", "database", "user", "query", "stream")}
            expected = {"id": query, "database": "_system", "user": "root", "query": "RETURN SLEEP(@seconds)"}
            assert_same(parts, expected | {"stream": False})
            assert_same(listed[0]["bind_vars"], {"seconds": 20})
            assert_same(root(1).aql.kill(query), True)
        eventually(lambda: root().aql.queries() == [], "no query is listed", 5)
        assert_rejected(404, 1591, root().aql.kill, query)

    @runner.check
    def a_query_that_does_not_exist_is_not_killed():
        for query in ("1", "invalid"):
            assert_rejected(404, 1591, root().aql.kill, query)

    @runner.check
    def an_open_stream_is_a_running_query():
        cursor = root().aql.execute("FOR i IN 1..3 RETURN i", stream=True, batch_size=1)
        listed = root(1).aql.queries()
        assert_same([each["stream"] for each in listed], [True])
        assert_same(root(1).aql.kill(listed[0]["id"]), True)
        assert_rejected(410, 1500, cursor.fetch)

    @runner.check
    def a_stored_result_is_no_running_query():
        cursor = root().aql.execute("FOR i IN 1..3 RETURN i", batch_size=1)
        assert_same((root().aql.queries(), cursor.close()), ([], True))


def properties(runner):
    """Registers the checks of how queries are tracked."""

    @runner.check
    def tracking_belongs_to_one_coordinator_and_database():
        before = root().aql.tracking()
        expected = {"enabled": True, "max_slow_queries": 64, "slow_query_threshold": 10, "track_bind_vars": True}
        assert_same({key: before[key] for key in expected}, expected)
        changed = root().aql.set_tracking(max_slow_queries=5, slow_query_threshold=0.05, track_bind_vars=False)
        assert_same((changed["max_slow_queries"], changed["track_bind_vars"]), (5, False))
        assert_same(root(0).aql.tracking(), changed)
        assert_same(root(1).aql.tracking(), before)
        restore(before)

    @runner.check
    def a_slow_query_is_listed_until_the_list_is_cleared():
        before = root().aql.tracking()
        root().aql.clear_slow_queries()
        root().aql.set_tracking(slow_query_threshold=0.05, track_bind_vars=False, max_query_string_length=40)
        query = "RETURN SLEEP(@s) /* " + "x" * 100 + " */"
        for _ in range(2):
            root().aql.execute(query, bind_vars={"s": 0.1})
        root().aql.execute("RETURN 1")
        listed = root(1).aql.slow_queries()
        assert_same([each["bind_vars"] for each in listed], [{}] * 2)
        for each in listed:
            assert_true(each["query"].startswith(query[:40]) and len(each["query"]) < 60, f"{each['query']}")
        assert_true(all(each["runtime"] >= 0.1 for each in listed), f"{listed}")
        assert_same(root(1).aql.clear_slow_queries(), True)
        assert_same(root().aql.slow_queries(), [])
        restore(before)

    @runner.check
    def queries_are_not_tracked_on_request():
        before = root().aql.tracking()
        root().aql.set_tracking(enabled=False)
        cursor = root().aql.execute("FOR i IN 1..3 RETURN i", stream=True, batch_size=1)
        assert_same((root().aql.queries(), cursor.close()), ([], True))
        restore(before)

    @runner.check
    def only_superusers_list_the_queries_of_all_databases():
        # The client has no methods for this.
        every = Request(method="get", endpoint="/_api/query/current", params={"all": True})
        cleared = Request(method="delete", endpoint="/_api/query/slow", params={"all": True})
        for request in (every, cleared):
            assert_same(root().request(request).status_code, 403)
            assert_same(superuser().request(request).status_code, 200)

    @runner.check
    def superusers_clear_the_slow_queries_of_all_databases():
        with TemporaryDatabase() as name:
            own = root(0, name).aql
            own.set_tracking(slow_query_threshold=0)
            own.execute("RETURN 1")
            assert_same([each["query"] for each in own.slow_queries()], ["RETURN 1"])
            root().aql.clear_slow_queries()
            assert_same(len(own.slow_queries()), 1)
            superuser().request(Request(method="delete", endpoint="/_api/query/slow", params={"all": True}))
            assert_same(own.slow_queries(), [])

    @runner.check
    def superusers_kill_the_queries_of_all_databases():
        with TemporaryDatabase() as name:
            cursor = root(0, name).aql.execute("FOR i IN 1..3 RETURN i", stream=True, batch_size=1)
            query = root(0, name).aql.queries()[0]["id"]
            assert_rejected(404, 1591, root().aql.kill, query)
            kill = Request(method="delete", endpoint=f"/_api/query/{query}", params={"all": True})
            assert_same((root().request(kill).status_code, superuser().request(kill).status_code), (403, 200))
            assert_rejected(410, 1500, cursor.fetch)


def restore(tracking):
    """Sets how the first coordinator tracks queries."""
    renamed = {key: tracking[key] for key in tracking if key not in ("error", "code")}
    assert_same(root().aql.set_tracking(**renamed), tracking)
