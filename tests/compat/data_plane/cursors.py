"""Checks of cursors: batches, counts, retries, ends."""

from arango.exceptions import CursorCloseError

from check_runner import assert_rejected, assert_same, assert_true
from data_plane.connections import root
from environment import ENDPOINTS, ROOT, StoppedCoordinators, client

TEN = "FOR i IN 1..10 RETURN i"


def checks(runner):
    """Registers all checks of cursors."""
    batches(runner)
    retries(runner)
    ends(runner)


def batches(runner):
    """Registers the checks of batches."""

    @runner.check
    def a_result_comes_in_batches_of_the_wanted_size():
        cursor = root().aql.execute(TEN, batch_size=3, count=True)
        assert_same((cursor.count(), list(cursor.batch()), cursor.has_more()), (10, [1, 2, 3], True))
        sizes = [3]
        while cursor.has_more():
            sizes.append(len(cursor.fetch()["batch"]))
        assert_same((sizes, list(cursor.batch())), ([3, 3, 3, 1], list(range(1, 11))))

    @runner.check
    def many_batches_contain_every_row_once_and_in_order():
        cursor = root().aql.execute("FOR i IN 1..2500 RETURN i", batch_size=100)
        assert_same(list(cursor), list(range(1, 2501)))

    @runner.check
    def a_batch_has_a_thousand_rows_by_default():
        cursor = root().aql.execute("FOR i IN 1..1001 RETURN i")
        assert_same((len(cursor.batch()), cursor.has_more()), (1000, True))
        assert_same(len(list(cursor)), 1001)

    @runner.check
    def a_result_that_fits_into_one_batch_has_no_cursor():
        cursor = root().aql.execute(TEN, batch_size=10)
        assert_same((cursor.id, cursor.has_more(), cursor.count(), cursor.close()), (None, False, None, None))
        assert_same(list(root().aql.execute("FOR i IN [] RETURN i")), [])

    @runner.check
    def statistics_and_warnings_belong_to_all_batches():
        cursor = root().aql.execute("FOR i IN 1..10 RETURN i / 0", batch_size=4)
        assert_same(len(cursor.warnings()), 10)
        before = cursor.statistics()
        assert_same((len(list(cursor)), cursor.statistics()), (10, before))

    @runner.check
    def a_cursor_is_read_through_any_coordinator():
        cursor = root(0).aql.execute(TEN, batch_size=4)
        for index in (1, 2):
            cursor._conn = root(index)._conn
            cursor.fetch()
        assert_same(list(cursor), list(range(1, 11)))

    @runner.check
    def a_batch_size_must_be_positive():
        assert_rejected(400, 17, root().aql.execute, TEN, batch_size=0)
        assert_rejected(400, 17, root().aql.execute, TEN, batch_size=-1)

    @runner.check
    def a_cursor_belongs_to_its_database():
        root().create_database("compat_cursor")
        cursor = root().aql.execute(TEN, batch_size=4)
        own = cursor._conn
        cursor._conn = root(0, "compat_cursor")._conn
        assert_rejected(404, 1600, cursor.fetch)
        cursor._conn = own
        assert_same(len(cursor.fetch()["batch"]), 4)
        root().delete_database("compat_cursor")


def retries(runner):
    """Registers the checks of batches that are requested again."""

    @runner.check
    def the_latest_batch_can_be_requested_again():
        cursor = root().aql.execute(TEN, batch_size=4, allow_retry=True)
        wanted = cursor._next_batch_id
        first = cursor.fetch()
        following = cursor._next_batch_id
        cursor._next_batch_id = wanted
        again = cursor.fetch()
        assert_same((again["batch"], first["batch"]), ([5, 6, 7, 8], [5, 6, 7, 8]))
        assert_same(cursor._next_batch_id, following)
        assert_same(cursor.fetch()["batch"], [9, 10])

    @runner.check
    def without_retries_the_latest_batch_is_lost():
        cursor = root().aql.execute(TEN, batch_size=3)
        cursor._allow_retry = True  # Only the client sends batch ids from here on.
        wanted = cursor._next_batch_id
        cursor.fetch()
        cursor._next_batch_id = wanted
        assert_rejected(400, 400, cursor.fetch)
        cursor._next_batch_id = "9"
        assert_rejected(404, 1600, cursor.fetch)

    @runner.check
    def a_cursor_with_retries_stays_until_it_is_closed():
        cursor = root().aql.execute(TEN, batch_size=9, allow_retry=True)
        wanted = cursor._next_batch_id
        assert_same((cursor.fetch()["batch"], cursor.has_more()), ([10], False))
        cursor._next_batch_id = wanted
        assert_same(cursor.fetch()["batch"], [10])
        assert_same(cursor.close(), True)
        assert_rejected(404, 1600, cursor.fetch)


def ends(runner):
    """Registers the checks of cursors that end."""

    @runner.check
    def a_closed_cursor_is_gone():
        cursor = root().aql.execute(TEN, batch_size=3)
        assert_same(cursor.close(), True)
        assert_rejected(404, 1600, cursor.fetch)
        assert_rejected(404, 1600, cursor.close)
        assert_same(cursor.close(ignore_missing=True), False)

    @runner.check
    def a_cursor_that_was_read_to_its_end_is_gone():
        cursor = root().aql.execute(TEN, batch_size=3)
        assert_same(len(list(cursor)), 10)
        try:
            cursor.close()
        except CursorCloseError as error:
            assert_same((error.http_code, error.error_code), (404, 1600))
        else:
            assert_true(False, "the cursor was still there")

    @runner.check
    def a_cursor_ends_with_its_coordinator():
        through_first = client(ENDPOINTS[0]).db(**ROOT)
        cursor = through_first.aql.execute(TEN, batch_size=3)
        with StoppedCoordinators(0):
            pass
        cursor._conn = root(1)._conn
        assert_rejected(404, 1600, cursor.fetch)
