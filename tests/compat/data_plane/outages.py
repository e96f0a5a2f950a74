"""Checks of the data plane while servers are down, overloaded or read-only."""

from check_runner import assert_rejected, assert_same, assert_true, eventually
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection, TemporaryDatabase, through
from environment import ENDPOINTS, ROOT, Fault, client, control


def checks(runner):
    """Registers all checks of outages."""

    @runner.check
    def documents_of_a_lost_leader_are_unavailable_until_it_returns():
        with TemporaryCollection() as books:
            books.insert({"_key": "a"})
            (servers,) = books.shards(details=True)["shards"].values()
            leader = control("GET", "/cluster")["db_servers"].index(servers[0])
            control("POST", f"/db-servers/{leader}/stop")
            try:
                for call in (books.get, books.delete):
                    assert_rejected(503, 1478, call, "a")
                assert_rejected(503, 1478, through(1, books).insert, {})
                # Elements fail one by one, and the request only if all of its shards are lost.
                assert_rejected(500, 4, through(1, books).insert_many, [{}, {}])
                query = "FOR d IN @@c RETURN d"
                assert_rejected(503, 1478, root().aql.execute, query, bind_vars={"@c": books.name})
                assert_same(list(root().aql.execute("RETURN 1")), [1])
            finally:
                control("POST", f"/db-servers/{leader}/start")
            assert_same((books.get("a")["_key"], through(1, books).count()), ("a", 1))

    @runner.check
    def without_the_agency_documents_are_written_and_nothing_is_created():
        with TemporaryCollection() as books:
            with Fault("/faults", kind="agency-down"):
                assert_same(books.insert({"_key": "a"})["_key"], "a")
                assert_same(list(root(1).aql.execute("FOR d IN @@c RETURN d._key", bind_vars={"@c": books.name})), ["a"])
                assert_rejected(500, 1492, root().create_collection, "compat_never")
                assert_rejected(500, 1492, books.add_index, {"type": "persistent", "fields": ["a"]})
                assert_rejected(400, 1492, root().create_database, "compat_never")
            assert_same(books.add_index({"type": "persistent", "fields": ["a"]})["isNewlyCreated"], True)

    @runner.check
    def a_read_only_cluster_reads_documents_and_writes_none():
        with TemporaryCollection() as books:
            books.insert({"_key": "a"})
            root().set_mode("readonly")
            try:
                assert_same(through(1, books).get("a")["_key"], "a")
                assert_rejected(403, 1004, through(1, books).insert, {})
                query = "INSERT {} INTO @@c"
                assert_rejected(403, 1004, root(2).aql.execute, query, bind_vars={"@c": books.name})
            finally:
                root().set_mode("default")
            assert_same(books.count(), 1)

    @runner.check
    def a_request_that_would_wait_too_long_is_not_executed():
        with TemporaryCollection() as books, Fault("/coordinators/0/faults", kind="queue-time", ms=500):
            patient = root().begin_controlled_execution(max_queue_time_seconds=2)
            patient.collection(books.name).insert({"_key": "a"})
            assert_true(0.4 < patient.last_queue_time < 0.6, f"queue time: {patient.last_queue_time}")
            impatient = root().begin_controlled_execution(max_queue_time_seconds=0.1)
            assert_rejected(412, 21004, impatient.collection(books.name).insert, {"_key": "b"})
            assert_same(books.count(), 1)

    @runner.check
    def a_full_queue_executes_nothing():
        with TemporaryCollection() as books:
            with Fault("/coordinators/0/faults", kind="queue-full"):
                assert_rejected(503, 21003, books.insert, {})
                assert_same(through(1, books).insert({}, silent=True), True)
            assert_same(books.count(), 1)

    @runner.check
    def a_lost_response_was_executed():
        with TemporaryCollection() as books:
            path = f"/_api/document/{books.name}"
            with Fault("/coordinators/0/faults", kind="close", phase="after-execution", path=path, times=1):
                once = client(ENDPOINTS[0], resolver_max_tries=1).db(**ROOT).collection(books.name)
                try:
                    once.insert({"_key": "a"})
                except ConnectionError:
                    pass
                else:
                    assert_true(False, "the response was not lost")
            assert_rejected(409, 1210, books.insert, {"_key": "a"})

    @runner.check
    def a_new_collection_reaches_the_other_coordinators_later():
        control("POST", "/propagation", {"ms": 300})
        try:
            with TemporaryCollection() as books, TemporaryDatabase() as name:
                assert_same(books.count(), 0)
                assert_rejected(404, 1203, through(1, books).count)
                assert_rejected(404, 1228, root(1, name).collections)
                eventually(lambda: root(1).has_collection(books.name), "the collection is known", 5)
                eventually(lambda: root(2).has_collection(books.name), "the collection is known", 5)
        finally:
            control("POST", "/propagation", {"ms": 0})
