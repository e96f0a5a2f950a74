"""Checks of headers, which the client neither sets nor shows."""

from check_runner import assert_same
from data_plane.temporary import TemporaryCollection
from raw_requests import number, send


def checks(runner):
    """Registers all checks of headers."""

    @runner.check
    def a_written_document_has_an_etag_and_a_location_unless_it_is_silent():
        with TemporaryCollection() as books:
            path = f"/_api/document/{books.name}"
            made = send("POST", path, json={"_key": "a:b+c"})
            assert_same(made.headers["Etag"], f'"{made.json()["_rev"]}"')
            assert_same(made.headers["Location"], f"/_db/_system{path}/a%3Ab%2Bc")
            assert_same(send("GET", f"{path}/a:b%2Bc").headers["Etag"], made.headers["Etag"])
            silent = send("POST", f"{path}?silent=true", json={})
            assert_same(("Etag" in silent.headers, "Location" in silent.headers), (False, False))
            many = send("POST", path, json=[{}])
            assert_same(("Etag" in many.headers, "Location" in many.headers), (False, False))

    @runner.check
    def a_revision_is_taken_with_and_without_quotes():
        with TemporaryCollection() as books:
            revision = books.insert({"_key": "a"})["_rev"]
            path = f"/_api/document/{books.name}/a"
            for tag in (revision, f'"{revision}"', f"'{revision}'"):
                assert_same(send("GET", path, headers={"If-Match": tag}).status_code, 200)
                found = send("GET", path, headers={"If-None-Match": tag})
                assert_same((found.status_code, found.text, found.headers["Etag"]), (304, "", f'"{revision}"'))
            for tag in ("*", "no revision"):
                assert_same(number(send("GET", path, headers={"If-Match": tag})), (412, 1200))
                assert_same(send("GET", path, headers={"If-None-Match": tag}).status_code, 200)

    @runner.check
    def a_failed_precondition_names_the_current_revision():
        with TemporaryCollection() as books:
            made = books.insert({"_key": "a"})
            path = f"/_api/document/{books.name}/a"
            for method in ("PUT", "PATCH", "DELETE", "GET"):
                found = send(method, path, json={}, headers={"If-Match": "_other"})
                assert_same((found.status_code, found.headers["Etag"]), (412, f'"{made["_rev"]}"'))
                assert_same({key: found.json()[key] for key in made}, made)

    @runner.check
    def a_read_that_may_be_dirty_says_so():
        with TemporaryCollection() as books:
            books.insert({"_key": "a"})
            headers = {"X-Arango-Allow-Dirty-Read": "true"}
            query = {"query": "FOR i IN 1..3 RETURN i", "batchSize": 1}
            calls = [
                ("GET", f"/_api/document/{books.name}/a", None),
                ("PUT", f"/_api/document/{books.name}?onlyget=true", ["a"]),
                ("POST", "/_api/cursor", query),
            ]
            for method, path, body in calls:
                dirty = send(method, path, json=body, headers=headers)
                assert_same(dirty.headers["X-Arango-Potential-Dirty-Read"], "true", path)
                assert_same("X-Arango-Potential-Dirty-Read" in send(method, path, json=body).headers, False, path)

    @runner.check
    def a_transaction_that_does_not_exist_is_not_found():
        with TemporaryCollection() as books:
            path = f"/_api/document/{books.name}"
            calls = [
                ("POST", path, {}),
                ("GET", f"{path}/a", None),
                ("POST", "/_api/cursor", {"query": "RETURN 1"}),
                ("GET", f"/_api/collection/{books.name}/count", None),
            ]
            for method, path, body in calls:
                found = send(method, path, json=body, headers={"X-Arango-Trx-Id": "12345"})
                assert_same(number(found), (404, 1655), path)
                found = send(method, path, json=body, headers={"X-Arango-Trx-Id": "invalid"})
                assert_same(number(found), (400, 10), path)
            assert_same(books.count(), 0)

    @runner.check
    def a_cursor_that_is_read_elsewhere_says_where_it_is():
        made = send("POST", "/_api/cursor", json={"query": "FOR i IN 1..3 RETURN i", "batchSize": 1}).json()
        found = send("POST", f"/_api/cursor/{made['id']}", coordinator=1)
        owner = send("GET", "/_admin/server/id").json()["id"]
        assert_same(found.headers["X-Arango-Request-Forwarded-To"], owner)
        own = send("POST", f"/_api/cursor/{made['id']}")
        assert_same("X-Arango-Request-Forwarded-To" in own.headers, False)

    @runner.check
    def other_parameters_and_headers_are_refused_by_name():
        with TemporaryCollection() as books:
            path = f"/_api/document/{books.name}"
            for found, name in [
                (send("POST", f"{path}?unknown=1", json={}), "`unknown`"),
                (send("POST", path, json={}, headers={"X-Arango-Unknown": "1"}), "`x-arango-unknown`"),
                (send("POST", "/_api/cursor", json={"query": "RETURN 1", "unknown": 1}), "`unknown`"),
            ]:
                assert_same((number(found), name in found.json()["errorMessage"]), ((501, 9), True))
            assert_same(books.count(), 0)
