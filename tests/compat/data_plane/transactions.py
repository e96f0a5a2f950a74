"""Checks of stream transactions: begin, commit, abort, status, lists, isolation, conflicts, declarations, headers."""

from check_runner import assert_rejected, assert_same, assert_true
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection, errors, through
from environment import Fault, StoppedCoordinators, control
from raw_requests import number, send


def begin(*collections, **options):
    """Begins a transaction that writes to these collections. Returns its database."""
    return root().begin_transaction(write=[collection.name for collection in collections], **options)


def checks(runner):
    """Registers all checks of transactions."""
    ends(runner)
    declarations(runner)
    isolation(runner)
    queries(runner)
    headers(runner)
    failures(runner)


def ends(runner):
    """Registers the checks of begin, commit and abort."""

    @runner.check
    def a_committed_transaction_is_visible_to_all_coordinators():
        with TemporaryCollection() as books:
            database = begin(books)
            assert_same(database.transaction_status(), "running")
            database.collection(books.name).insert({"_key": "a", "n": 1})
            assert_same((books.count(), books.get("a")), (0, None))
            assert_same(database.commit_transaction(), True)
            assert_same(database.transaction_status(), "committed")
            assert_same([through(index, books).get("a")["n"] for index in (0, 1, 2)], [1, 1, 1])

    @runner.check
    def an_aborted_transaction_leaves_nothing():
        with TemporaryCollection() as books:
            books.insert({"_key": "a", "n": 1})
            database = begin(books)
            within = database.collection(books.name)
            within.update({"_key": "a", "n": 2})
            within.insert({"_key": "b"})
            within.delete("a")
            assert_same(database.abort_transaction(), True)
            assert_same(database.transaction_status(), "aborted")
            assert_same((books.count(), books.get("a")["n"]), (1, 1))

    @runner.check
    def an_end_can_be_repeated_and_not_be_changed():
        with TemporaryCollection() as books:
            one, other = begin(books), begin(books)
            for _ in range(2):
                assert_same((one.commit_transaction(), other.abort_transaction()), (True, True))
            assert_rejected(400, 1653, one.abort_transaction)
            assert_rejected(400, 1653, other.commit_transaction)
            assert_rejected(400, 1653, one.collection(books.name).insert, {})
            assert_rejected(410, 1654, other.collection(books.name).insert, {})

    @runner.check
    def running_transactions_are_listed_by_every_coordinator():
        with TemporaryCollection() as books:
            database = begin(books)
            entry = {"id": database.transaction_id, "state": "running"}
            for index in (0, 1, 2):
                assert_true(entry in root(index).list_transactions(), "the transaction is not listed")
            fetched = root(1).fetch_transaction(database.transaction_id)
            assert_same(fetched.transaction_status(), "running")
            database.abort_transaction()
            assert_same([one for one in root().list_transactions() if one["id"] == entry["id"]], [])

    @runner.check
    def all_transactions_that_write_are_aborted_at_once():
        with TemporaryCollection() as books:
            writing, reading = begin(books), root().begin_transaction(read=books.name)
            assert_same(send("DELETE", "/_api/transaction/write").status_code, 200)
            assert_same((writing.transaction_status(), reading.transaction_status()), ("aborted", "running"))
            reading.abort_transaction()

    @runner.check
    def an_unknown_transaction_is_not_found_and_its_abort_is_recorded():
        owner = int(begin_and_abort()) >> 40
        unknown = f"/_api/transaction/{(owner << 40) + (1 << 39)}"
        assert_same(number(send("GET", unknown)), (404, 1655))
        assert_same(number(send("PUT", unknown)), (404, 1655))
        assert_same(send("GET", unknown).json()["result"]["status"], "aborted")
        assert_same(number(send("PUT", unknown)), (400, 1653))
        assert_same(number(send("GET", "/_api/transaction/4")), (404, 1655))
        assert_same(number(send("GET", "/_api/transaction/x")), (400, 10))


def begin_and_abort():
    """Returns the id of a transaction that has ended."""
    with TemporaryCollection() as books:
        database = begin(books)
        database.abort_transaction()
        return database.transaction_id


def declarations(runner):
    """Registers the checks of what a transaction has declared."""

    @runner.check
    def an_undeclared_write_is_refused_and_an_undeclared_read_if_that_is_wanted():
        with TemporaryCollection() as books, TemporaryCollection() as films:
            lax, strict = begin(books), begin(books, allow_implicit=False)
            for database in (lax, strict):
                assert_rejected(400, 1652, database.collection(films.name).insert, {})
                assert_rejected(400, 1652, database.collection(films.name).truncate)
                assert_rejected(400, 1652, database.aql.execute, f"INSERT {{}} INTO {films.name}")
            assert_same(lax.collection(films.name).count(), 0)
            assert_rejected(400, 1652, strict.collection(films.name).count)
            assert_rejected(400, 1652, strict.aql.execute, f"FOR f IN {films.name} RETURN f")
            for database in (lax, strict):
                assert_same(database.commit_transaction(), True)

    @runner.check
    def a_begin_that_is_not_valid_is_refused():
        with TemporaryCollection() as books:
            assert_rejected(404, 1203, root().begin_transaction, write="compat_never")
            assert_rejected(400, 10, root().begin_transaction, write=books.name, lock_timeout=-1)
            assert_same(number(send("POST", "/_api/transaction/begin", json={})), (400, 10))
            nested = {"X-Arango-Trx-Id": "4"}
            found = send("POST", "/_api/transaction/begin", json={"collections": {}}, headers=nested)
            assert_same(number(found), (400, 9))

    @runner.check
    def an_exclusive_lock_excludes_others_that_write():
        with TemporaryCollection() as books:
            holder = root().begin_transaction(exclusive=books.name)
            assert_rejected(500, 18, root().begin_transaction, write=books.name, lock_timeout=0.1)
            root().begin_transaction(read=books.name, lock_timeout=0.1).abort_transaction()
            holder.commit_transaction()
            root().begin_transaction(exclusive=books.name, lock_timeout=0.1).abort_transaction()

    @runner.check
    def a_transaction_writes_no_more_than_its_limit():
        with TemporaryCollection() as books:
            database = begin(books, max_size=300)
            within = database.collection(books.name)
            within.insert({"text": "x" * 100})
            assert_rejected(500, 32, within.insert, {"text": "x" * 200})
            database.commit_transaction()
            assert_same(books.count(), 1)


def isolation(runner):
    """Registers the checks of what is visible, and of conflicts."""

    @runner.check
    def a_transaction_reads_from_its_begin_and_its_own_writes():
        with TemporaryCollection(shard_count=3) as books:
            books.insert_many([{"_key": str(key), "n": 0} for key in range(20)])
            database = begin(books)
            within = database.collection(books.name)
            within.update_many([{"_key": str(key), "n": 1} for key in range(10)])
            through(1, books).update_many([{"_key": str(key), "n": 2} for key in range(10, 20)])
            through(1, books).insert({"_key": "late"})
            assert_same((within.count(), books.count(), within.get("late")), (20, 21, None))
            sums = f"FOR b IN {books.name} COLLECT AGGREGATE n = SUM(b.n) RETURN n"
            assert_same((list(database.aql.execute(sums)), list(root().aql.execute(sums))), ([10], [20]))
            assert_same([one["n"] for one in within.get_many(["1", "11"])], [1, 0])
            database.commit_transaction()
            assert_same((list(root().aql.execute(sums)), books.count()), ([30], 21))

    @runner.check
    def a_conflict_is_refused_and_does_not_end_the_transaction():
        with TemporaryCollection() as books:
            books.insert_many([{"_key": "a"}, {"_key": "b"}])
            one, other = begin(books), begin(books)
            one.collection(books.name).update({"_key": "a", "n": 1})
            books.update({"_key": "b", "n": 2})
            within = other.collection(books.name)
            for key in ("a", "b"):
                assert_rejected(409, 1200, within.update, {"_key": key, "n": 3})
                assert_rejected(409, 1200, other.aql.execute, f"REMOVE '{key}' IN {books.name}")
            assert_same(errors(within.update_many([{"_key": "a", "n": 3}, {"_key": "b", "n": 3}])), [1200, 1200])
            assert_rejected(409, 1200, books.update, {"_key": "a", "n": 4})
            within.insert({"_key": "c"})
            other.commit_transaction()
            one.commit_transaction()
            assert_same([books.get(key).get("n") for key in "abc"], [1, 2, None])

    @runner.check
    def a_unique_value_is_locked_until_the_transaction_ends():
        with TemporaryCollection() as books:
            books.add_index({"type": "persistent", "fields": ["isbn"], "unique": True})
            database = begin(books)
            database.collection(books.name).insert({"isbn": 1})
            assert_rejected(409, 1200, books.insert, {"isbn": 1})
            database.commit_transaction()
            assert_rejected(409, 1210, books.insert, {"isbn": 1})

    @runner.check
    def a_truncation_is_part_of_its_transaction():
        with TemporaryCollection() as books:
            books.insert_many([{}, {}])
            database = begin(books)
            within = database.collection(books.name)
            within.truncate()
            assert_same((within.count(), books.count()), (0, 2))
            database.commit_transaction()
            assert_same(books.count(), 0)


def queries(runner):
    """Registers the checks of queries and cursors."""

    @runner.check
    def a_query_reads_and_writes_within_its_transaction():
        with TemporaryCollection() as books:
            database = begin(books)
            insert = f"FOR i IN 1..5 INSERT {{ n: i }} INTO {books.name}"
            database.aql.execute(insert)
            read = f"FOR b IN {books.name} SORT b.n RETURN b.n"
            cursor = database.aql.execute(read, batch_size=2)
            assert_same((list(cursor), list(root().aql.execute(read))), ([1, 2, 3, 4, 5], []))
            database.commit_transaction()
            assert_same(list(root().aql.execute(read)), [1, 2, 3, 4, 5])

    @runner.check
    def a_transaction_with_an_open_cursor_is_in_use_until_that_is_read():
        for stream in (True, False):
            with TemporaryCollection() as books:
                database = root().begin_transaction(read=books.name)
                cursor = database.aql.execute("FOR i IN 1..5 RETURN i", stream=stream, batch_size=2)
                assert_rejected(500, 28, database.commit_transaction)
                assert_same(list(cursor), [1, 2, 3, 4, 5])
                database.commit_transaction()


def headers(runner):
    """Registers the checks of headers."""

    @runner.check
    def a_request_of_a_transaction_is_forwarded_to_its_owner():
        with TemporaryCollection() as books:
            database = begin(books)
            own = {"X-Arango-Trx-Id": database.transaction_id}
            owner = send("GET", "/_admin/server/id").json()["id"]
            for method, path, body in [
                ("POST", f"/_api/document/{books.name}", {}),
                ("POST", "/_api/cursor", {"query": "RETURN 1"}),
                ("GET", f"/_api/collection/{books.name}/count", None),
            ]:
                found = send(method, path, coordinator=1, json=body, headers=own)
                assert_true(found.ok, found.text)
                assert_same(found.headers["X-Arango-Request-Forwarded-To"], owner)
                found = send(method, path, json=body, headers=own)
                assert_same("X-Arango-Request-Forwarded-To" in found.headers, False)
            found = send("PUT", f"/_api/transaction/{database.transaction_id}", coordinator=2)
            assert_same((found.status_code, found.headers["X-Arango-Request-Forwarded-To"]), (200, owner))
            assert_same(books.count(), 2)

    @runner.check
    def a_transaction_decides_when_it_begins_whether_its_reads_may_be_dirty():
        with TemporaryCollection() as books:
            books.insert({"_key": "a"})
            dirty = {"X-Arango-Allow-Dirty-Read": "true"}
            for begun_with, expected in [({}, False), (dirty, True)]:
                body = {"collections": {"read": books.name}}
                begun = send("POST", "/_api/transaction/begin", json=body, headers=begun_with)
                identity = begun.json()["result"]["id"]
                own = {"X-Arango-Trx-Id": identity} | dirty
                found = send("GET", f"/_api/document/{books.name}/a", headers=own)
                assert_same((found.status_code, "X-Arango-Potential-Dirty-Read" in found.headers), (200, expected))
                assert_same(send("DELETE", f"/_api/transaction/{identity}").status_code, 200)


def failures(runner):
    """Registers the checks of coordinators and commits that fail."""

    @runner.check
    def a_commit_that_takes_time_may_be_reported_as_committed_and_fail():
        with TemporaryCollection() as books:
            database = begin(books)
            database.collection(books.name).insert({"_key": "a"})
            path = f"/_api/transaction/{database.transaction_id}"
            with Fault("/coordinators/0/faults", kind="failed-commit", method="PUT", path=path, times=1):
                assert_rejected(500, 4, database.commit_transaction)
            assert_same((database.transaction_status(), books.count()), ("aborted", 0))

    @runner.check
    def a_commit_may_be_lost_on_one_of_several_leaders():
        with TemporaryCollection(shard_count=3) as books:
            leaders = [servers[0] for servers in books.shards(details=True)["shards"].values()]
            database = begin(books)
            database.collection(books.name).insert_many([{} for _ in range(30)])
            lost = control("GET", "/cluster")["db_servers"].index(leaders[0])
            path = f"/_api/transaction/{database.transaction_id}"
            with Fault("/coordinators/0/faults", kind="lost-write", db_server=lost, path=path, method="PUT"):
                assert_rejected(503, 1478, database.commit_transaction)
            assert_true(0 < books.count() < 30, f"{books.count()} documents were committed")

    @runner.check
    def a_transaction_ends_with_its_coordinator():
        with TemporaryCollection() as books:
            database = root(1).begin_transaction(write=books.name)
            database.collection(books.name).insert({"_key": "a"})
            with StoppedCoordinators(1):
                assert_same(books.count(), 0)
                books.insert({"_key": "a"})
            assert_same(number(send("GET", f"/_api/transaction/{database.transaction_id}")), (404, 1655))
