"""Checks of arrays of documents, whose elements succeed or fail independently."""

from arango.exceptions import DocumentRevisionError

from check_runner import assert_rejected, assert_same, assert_true
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection, errors, through, values
from raw_requests import number, send


def checks(runner):
    """Registers all checks of arrays."""
    writes(runner)
    revisions(runner)
    reads(runner)
    by_query(runner)


def writes(runner):
    """Registers the checks of writing arrays."""

    @runner.check
    def documents_are_inserted_in_the_order_of_the_array():
        with TemporaryCollection(shard_count=3) as books:
            made = books.insert_many([{"_key": str(number), "n": number} for number in range(50)], return_new=True)
            assert_same([each["_key"] for each in made], [str(number) for number in range(50)])
            assert_same([each["new"]["n"] for each in made], list(range(50)))
            assert_same(through(1, books).count(), 50)

    @runner.check
    def each_element_has_its_own_error():
        with TemporaryCollection(shard_count=3) as books:
            found = books.insert_many([{"_key": "a"}, {"_key": "a"}, {"_key": "b"}, {"_key": "not valid"}, {}])
            assert_same(errors(found), [None, 1210, None, 1221, None])
            assert_same(through(2, books).count(), 3)
            found = books.update_many([{"_key": "a", "n": 1}, {"_key": "missing"}, {"_key": "b", "n": 2}])
            assert_same(errors(found), [None, 1202, None])
            assert_same(errors(books.replace_many([{"_key": "missing"}, {"_key": "a", "n": 3}])), [1202, None])
            assert_same(books.get("a")["n"], 3)
            assert_same(errors(books.delete_many(["a", {"_key": "missing"}, {"_key": "b"}])), [None, 1202, None])

    @runner.check
    def errors_of_an_array_are_counted_in_a_header():
        with TemporaryCollection() as books:
            response = post(books, [{"_key": "a"}, {"_key": "a"}, {"_key": "a"}, {"_key": "x y"}])
            assert_same(response.status_code, 202)
            assert_same(response.headers["X-Arango-Error-Codes"], '{"1210":2,"1221":1}')
            assert_same("X-Arango-Error-Codes" in post(books, [{}]).headers, False)

    @runner.check
    def an_element_that_is_no_document_fails_alone():
        with TemporaryCollection() as books:
            found = post(books, [1, "text", None, [], {"_key": "a"}]).json()
            assert_same([each.get("errorNum") for each in found], [1227] * 4 + [None])
            assert_same(post(books, []).json(), [])

    @runner.check
    def options_apply_to_every_element():
        with TemporaryCollection() as books:
            books.insert_many([{"_key": "a", "n": 1, "deep": {"x": 1}}, {"_key": "b", "n": 1}])
            patch = [{"_key": "a", "n": None, "deep": {"y": 2}}, {"_key": "b", "m": 2}]
            changed = books.update_many(patch, keep_none=False, merge=False, return_new=True, return_old=True)
            assert_same(changed[0]["new"]["deep"], {"y": 2})
            assert_same(("n" in changed[0]["new"], changed[0]["old"]["n"], changed[1]["new"]["n"]), (False, 1, 1))
            replaced = books.insert_many([{"_key": "a"}, {"_key": "c"}], overwrite_mode="replace", return_old=True)
            assert_same((replaced[0]["_old_rev"], "old" in replaced[1]), (changed[0]["_rev"], False))
            ignored = books.insert_many([{"_key": "a", "n": 9}], overwrite_mode="ignore")
            assert_same(ignored[0]["_rev"], replaced[0]["_rev"])

    @runner.check
    def a_collection_waits_only_for_what_was_written():
        with TemporaryCollection(sync=True) as books:
            statuses = [post(books, [{"_key": key} for key in keys]).status_code for keys in ("a", "ab", "ab")]
            assert_same(statuses, [201, 201, 202])
            assert_same(books.delete_many(["a", "b"], silent=True, refill_index_caches=True), True)

    @runner.check
    def a_silent_array_shows_only_errors():
        with TemporaryCollection() as books:
            assert_same(post(books, [{"_key": "a"}, {"_key": "b"}], "?silent=true").json(), {})
            response = post(books, [{"_key": "c"}, {"_key": "a"}, {"_key": "d"}], "?silent=true")
            assert_same([each["errorNum"] for each in response.json()], [1210])
            assert_same(response.headers["X-Arango-Error-Codes"], '{"1210":1}')
            assert_same(books.delete_many(["a", "b", "c"], silent=True), True)

    @runner.check
    def versions_apply_to_every_element():
        with TemporaryCollection() as books:
            books.insert_many([{"_key": "a", "v": 1, "n": 0}, {"_key": "b", "v": 9, "n": 0}])
            books.update_many([{"_key": key, "v": 5, "n": 1} for key in "ab"], version_attribute="v")
            assert_same(values(books, "n"), [1, 0])


def post(collection, body, query=""):
    """Inserts an array. The client shows neither the status nor the headers."""
    return send("POST", f"/_api/document/{collection.name}{query}", json=body)


def revisions(runner):
    """Registers the checks of revisions within arrays."""

    @runner.check
    def each_element_is_written_only_in_its_revision():
        with TemporaryCollection() as books:
            old = books.insert_many([{"_key": key} for key in "abc"])
            through(1, books).update({"_key": "b", "n": 1})
            for call in (books.update_many, books.replace_many, books.delete_many):
                found = call(old)
                assert_same(errors(found)[1], 1200)
                assert_true(isinstance(found[1], DocumentRevisionError), f"{found[1]!r}")
                old = [found[0], old[1], found[2]]
            assert_same(values(books, "n"), [1])

    @runner.check
    def an_error_within_an_array_does_not_name_the_document():
        # Clients tell documents from errors by `_id`.
        with TemporaryCollection() as books:
            old = books.insert({"_key": "a"})
            books.update({"_key": "a", "n": 1})
            path = f"/_api/document/{books.name}?ignoreRevs=false"
            for method, query in [("PATCH", ""), ("PUT", ""), ("DELETE", ""), ("PUT", "&onlyget=true")]:
                found = send(method, path + query, json=[old]).json()
                assert_same(sorted(found[0]), ["error", "errorMessage", "errorNum"], method)
                assert_same((found[0]["error"], found[0]["errorNum"]), (True, 1200))

    @runner.check
    def revisions_within_an_array_are_ignored_on_request():
        with TemporaryCollection() as books:
            old = books.insert_many([{"_key": key} for key in "ab"])
            books.update_many([{"_key": key, "n": 1} for key in "ab"])
            assert_same(errors(books.update_many(old, check_rev=False)), [None, None])
            assert_same(errors(books.delete_many(old, check_rev=False)), [None, None])


def reads(runner):
    """Registers the checks of reading arrays."""

    @runner.check
    def documents_are_read_by_key_id_or_object():
        with TemporaryCollection(shard_count=3) as books:
            books.insert_many([{"_key": key, "n": 1} for key in "abc"])
            wanted = ["a", f"{books.name}/b", {"_key": "c"}]
            found = through(1, books).get_many(wanted)
            assert_same([each["_key"] for each in found], ["a", "b", "c"])
            assert_same(through(2, books).get_many(["missing", "a"])[0]["n"], 1)
            assert_same(books.get_many([]), [])

    @runner.check
    def reading_an_array_writes_nothing():
        with TemporaryCollection() as books:
            made = books.insert({"_key": "a", "n": 1})
            books.get_many([{"_key": "a", "n": 2}])
            assert_same(books.get("a"), made | {"n": 1})

    @runner.check
    def documents_of_a_collection_are_listed():
        with TemporaryCollection(shard_count=3) as books:
            books.insert_many([{"_key": str(number)} for number in range(10)])
            keys = sorted(str(number) for number in range(10))
            assert_same(sorted(through(1, books).keys()), keys)
            assert_same(sorted(books.ids()), [f"{books.name}/{key}" for key in keys])
            assert_same(sorted(each["_key"] for each in books), keys)
            assert_same(len(list(books.all(skip=3, limit=4))), 4)
            assert_true(books.random()["_key"] in keys, "a random document")


def by_query(runner):
    """Registers the checks of the client's calls that the client makes by queries."""

    @runner.check
    def documents_are_found_by_their_attributes():
        with TemporaryCollection() as books:
            books.insert_many([{"_key": str(number), "even": number % 2 == 0, "n": -number} for number in range(10)])
            assert_same({each["_key"] for each in books.find({"even": True})}, set("02468"))
            ordered = books.find({}, sort=[{"sort_by": "n", "sort_order": "ASC"}])
            assert_same([each["_key"] for each in ordered], list("9876543210"))
            assert_same(len(list(books.find({"even": True}, skip=1, limit=2))), 2)
            books.insert({"_key": "nested", "deep": {"x": 1}})
            assert_same([each["_key"] for each in books.find({"deep.x": 1})], ["nested"])

    @runner.check
    def matching_documents_are_changed_and_counted():
        with TemporaryCollection(shard_count=3) as books:
            books.insert_many([{"_key": str(number), "kind": number % 3} for number in range(9)])
            assert_same(books.update_match({"kind": 0}, {"seen": True}), 3)
            assert_same(books.update_match({"kind": 0}, {"seen": None}, keep_none=False, sync=True), 3)
            assert_same(values(books, "seen"), [None] * 9)
            assert_same(books.replace_match({"kind": 1}, {"kind": 5}, limit=2), 2)
            assert_same(books.delete_match({"kind": 2}), 3)
            assert_same(through(1, books).count(), 6)

    @runner.check
    def a_broken_array_is_rejected():
        with TemporaryCollection() as books:
            assert_rejected(404, 1203, root().collection("missing").insert_many, [{}])
            assert_rejected(404, 1203, root().collection("missing").get_many, ["a"])
            assert_same(number(send("POST", f"/_api/document/{books.name}", data="[{")), (400, 600))
