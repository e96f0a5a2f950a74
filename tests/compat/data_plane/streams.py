"""Checks of stream cursors, whose rows are computed when they are read."""

from check_runner import assert_rejected, assert_same, assert_true
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection, through


def checks(runner):
    """Registers all checks of streams."""
    reads(runner)
    writes(runner)


def reads(runner):
    """Registers the checks of streams that read."""

    @runner.check
    def a_stream_has_the_same_rows_as_a_stored_result():
        with TemporaryCollection(shard_count=3) as books:
            books.insert_many([{"n": number} for number in range(500)])
            query = "FOR d IN @@c SORT d.n RETURN d.n"
            cursor = root().aql.execute(query, bind_vars={"@c": books.name}, stream=True, batch_size=70, count=True)
            assert_same(cursor.count(), None)
            assert_same(list(cursor), list(range(500)))

    @runner.check
    def a_stream_reports_statistics_with_its_last_batch():
        cursor = root().aql.execute("FOR i IN 1..5 RETURN i / 0", stream=True, batch_size=2)
        assert_same((cursor.statistics(), cursor.warnings()), (None, None))
        assert_same(len(list(cursor)), 5)
        assert_same(len(cursor.warnings()), 5)
        assert_true("modified" in cursor.statistics(), f"{cursor.statistics()}")

    @runner.check
    def a_stream_does_not_see_what_is_written_after_its_start():
        with TemporaryCollection() as books:
            books.insert_many([{"n": number} for number in range(6)])
            query = "FOR d IN @@c RETURN d.n"
            cursor = root().aql.execute(query, bind_vars={"@c": books.name}, stream=True, batch_size=2)
            through(1, books).truncate()
            assert_same(sorted(cursor), list(range(6)))

    @runner.check
    def a_stream_is_read_again_with_retries():
        cursor = root().aql.execute("FOR i IN 1..5 RETURN i", stream=True, batch_size=2, allow_retry=True)
        wanted = cursor._next_batch_id
        assert_same(cursor.fetch()["batch"], [3, 4])
        cursor._next_batch_id = wanted
        assert_same(cursor.fetch()["batch"], [3, 4])
        assert_same((cursor.fetch()["batch"], cursor.has_more(), cursor.close()), ([5], False, True))

    @runner.check
    def an_error_within_a_stream_ends_it():
        query = "FOR i IN 1..5 RETURN i == 4 ? FAIL('on request') : i"
        cursor = root().aql.execute(query, stream=True, batch_size=2)
        assert_rejected(400, 1569, cursor.fetch)
        assert_rejected(404, 1600, cursor.fetch)


def writes(runner):
    """Registers the checks of streams that write."""

    @runner.check
    def a_stream_writes_with_its_last_batch():
        with TemporaryCollection() as books:
            query = "FOR i IN 1..5 INSERT {n: i} INTO @@c RETURN i"
            cursor = root().aql.execute(query, bind_vars={"@c": books.name}, stream=True, batch_size=2)
            assert_same((through(1, books).count(), len(cursor.fetch()["batch"])), (0, 2))
            assert_same((through(1, books).count(), cursor.fetch()["batch"]), (0, [5]))
            assert_same(through(1, books).count(), 5)
            assert_same(cursor.statistics()["modified"], 5)

    @runner.check
    def a_stream_that_is_closed_early_writes_nothing():
        with TemporaryCollection() as books:
            query = "FOR i IN 1..5 INSERT {n: i} INTO @@c RETURN i"
            cursor = root().aql.execute(query, bind_vars={"@c": books.name}, stream=True, batch_size=2)
            assert_same(cursor.close(), True)
            assert_same(books.count(), 0)

    @runner.check
    def a_document_that_an_open_stream_has_written_is_locked():
        with TemporaryCollection() as books:
            books.insert_many([{"_key": key, "n": 0} for key in "abc"])
            query = "FOR k IN ['a', 'b', 'c'] UPDATE k WITH {n: 1} IN @@c RETURN NEW.n"
            cursor = root().aql.execute(query, bind_vars={"@c": books.name}, stream=True, batch_size=1)
            assert_rejected(409, 1200, through(1, books).update, {"_key": "a", "n": 2})
            assert_rejected(409, 1200, root(2).aql.execute, "REMOVE 'a' IN @@c", bind_vars={"@c": books.name})
            assert_same(list(cursor), [1, 1, 1])
            assert_same(through(1, books).update({"_key": "a", "n": 2}, return_new=True)["new"]["n"], 2)
