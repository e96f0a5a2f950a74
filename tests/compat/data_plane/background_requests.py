"""Checks of requests that run in the background while they take real time."""

from check_runner import assert_rejected, assert_same, assert_true, eventually
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection, through


def checks(runner):
    """Registers all checks of background requests."""

    @runner.check
    def a_query_in_the_background_is_pending_until_it_has_ended():
        job = root().begin_async_execution().aql.execute("RETURN SLEEP(0.4)")
        assert_same(job.status(), "pending")
        assert_true(job.id in root().async_jobs("pending"), "pending jobs")
        eventually(lambda: job.status() == "done", "the job is done", 5)
        assert_true(job.id in root().async_jobs("done"), "done jobs")
        assert_same(list(job.result()), [None])
        assert_rejected(404, 404, job.result)

    @runner.check
    def a_list_of_an_unknown_kind_is_rejected():
        assert_rejected(400, 400, root().async_jobs, "waiting")

    @runner.check
    def a_query_in_the_background_is_cancelled():
        job = root().begin_async_execution().aql.execute("RETURN SLEEP(20)")
        assert_same(job.cancel(), True)
        eventually(lambda: job.status() == "done", "the job has ended", 5)
        assert_rejected(410, 21, job.result)

    @runner.check
    def cancelling_a_finished_request_changes_nothing():
        job = root().begin_async_execution().aql.execute("RETURN 1")
        eventually(lambda: job.status() == "done", "the job is done", 5)
        assert_same((job.cancel(), list(job.result())), (True, [1]))
        assert_rejected(404, 404, job.cancel)

    @runner.check
    def documents_are_written_in_the_background():
        with TemporaryCollection() as books:
            background = root().begin_async_execution().collection(books.name)
            jobs = [background.insert({"_key": key}) for key in "ab"] + [background.insert({"_key": "a"})]
            for job in jobs:
                eventually(lambda: job.status() == "done", "the job is done", 5)
            assert_same([job.result()["_key"] for job in jobs[:2]], ["a", "b"])
            assert_rejected(409, 1210, jobs[2].result)
            assert_same(through(1, books).count(), 2)

    @runner.check
    def a_background_request_without_a_result_is_made_too():
        with TemporaryCollection() as books:
            background = root().begin_async_execution(return_result=False).collection(books.name)
            assert_same(background.insert({"_key": "a"}), None)
            eventually(lambda: books.count() == 1, "the document is there", 5)
