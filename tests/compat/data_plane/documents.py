"""Checks of single documents: insert, read, update, replace, remove, revisions."""

import math
import re

from check_runner import assert_rejected, assert_same, assert_true
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection, through
from raw_requests import number, send

VALUES = {
    "null": None,
    "yes": True,
    "no": False,
    "text": 'quote " backslash \\ newline \n tab \t',
    "beyond ascii": "\u00e4 \u6771\u4eac \U0001f600",
    "empty": [{}, [], ""],
    "small": -(2**63),
    "large": 2**64 - 1,
    "fraction": 0.1,
    "nested": {"a": {"b": [1, {"c": None}]}},
    "": "an empty name",
    "a.b/c d": "a name with punctuation",
}


def checks(runner):
    """Registers all checks of single documents."""
    lifecycle(runner)
    keys(runner)
    revisions(runner)
    edges(runner)


def lifecycle(runner):
    """Registers the checks of writing and reading."""

    @runner.check
    def a_document_is_written_and_read_through_different_coordinators():
        with TemporaryCollection(shard_count=3) as books:
            made = books.insert({"_key": "a", "pages": 1})
            assert_same(sorted(made), ["_id", "_key", "_rev"])
            expected = made | {"pages": 1}
            assert_same(through(1, books).get("a"), expected)
            assert_same(through(2, books)["a"], expected)
            assert_same(root(1).document(made["_id"]), expected)
            assert_same((through(1, books).has("a"), "a" in through(2, books)), (True, True))

    @runner.check
    def every_kind_of_value_is_read_as_it_was_written():
        with TemporaryCollection() as books:
            books.insert({"_key": "a"} | VALUES)
            found = through(1, books).get("a")
            assert_same({name: found[name] for name in VALUES}, VALUES)

    @runner.check
    def a_whole_number_has_no_fraction_and_the_same_value():
        with TemporaryCollection() as books:
            new = books.insert({"whole": 3.0, "large": 1e20, "small": 5e-324}, return_new=True)["new"]
            assert_true(new["whole"] == 3 and new["large"] == 1e20, f"{new}")
            assert_same(math.copysign(1, new["small"]), 1.0)
            assert_same(new["small"], 5e-324)

    @runner.check
    def an_update_merges_and_a_replacement_does_not():
        with TemporaryCollection() as books:
            books.insert({"_key": "a", "title": "x", "pages": 1})
            updated = through(1, books).update({"_key": "a", "pages": 2})
            assert_same(sorted(updated), ["_id", "_key", "_old_rev", "_rev"])
            found = books.get("a")
            assert_same((found["title"], found["pages"], found["_rev"]), ("x", 2, updated["_rev"]))
            replaced = through(2, books).replace({"_key": "a", "year": 1999})
            assert_same(replaced["_old_rev"], updated["_rev"])
            assert_same(books.get("a"), {key: replaced[key] for key in ("_id", "_key", "_rev")} | {"year": 1999})

    @runner.check
    def a_removed_document_is_gone():
        with TemporaryCollection() as books:
            made = books.insert({"_key": "a", "pages": 1})
            removed = through(1, books).delete("a", return_old=True)
            assert_same(removed, made | {"old": made | {"pages": 1}})
            assert_same((books.get("a"), books.has("a"), books.count()), (None, False, 0))

    @runner.check
    def a_missing_document_is_not_found():
        with TemporaryCollection() as books:
            assert_same(books.get("missing"), None)
            assert_rejected(404, 1202, books.update, {"_key": "missing"})
            assert_rejected(404, 1202, books.replace, {"_key": "missing"})
            assert_rejected(404, 1202, books.delete, "missing")
            assert_same(books.delete("missing", ignore_missing=True), False)

    @runner.check
    def a_write_that_waits_for_the_disk_says_that_it_is_created():
        with TemporaryCollection() as books, TemporaryCollection(sync=True) as synced:
            assert_same(statuses(books.name, ""), [202, 202, 202])
            assert_same(statuses(books.name, "?waitForSync=true"), [201, 201, 200])
            assert_same(statuses(synced.name, "?waitForSync=false"), [201, 201, 200])


def statuses(collection, query):
    """Returns the statuses of an insert, an update and a removal. The client does not show them."""
    path = f"/_api/document/{collection}"
    calls = [("POST", path, {"_key": "s"}), ("PATCH", f"{path}/s", {"a": 1}), ("DELETE", f"{path}/s", None)]
    return [send(method, path + query, json=body).status_code for method, path, body in calls]


def keys(runner):
    """Registers the checks of keys."""

    @runner.check
    def a_key_is_used_once():
        with TemporaryCollection() as books:
            books.insert({"_key": "a"})
            assert_rejected(409, 1210, through(1, books).insert, {"_key": "a"})

    @runner.check
    def a_key_may_have_all_characters_that_keys_have():
        with TemporaryCollection(shard_count=3) as books:
            # The client writes keys into paths without encoding them, so `%` is left out.
            for key in ["a-b_c:d.e@f(g)h+i,j=k;l$m!n*o'", "0", "a" * 254]:
                assert_same(books.insert({"_key": key})["_id"], f"{books.name}/{key}")
                assert_same(through(1, books).get(key)["_key"], key)
            assert_same(books.insert({"_key": "100%"})["_key"], "100%")

    @runner.check
    def an_illegal_key_is_rejected():
        with TemporaryCollection() as books:
            for key in ["", "a b", "a/b", "\u00e4", "a" * 255, 1, None, True, ["a"]]:
                assert_rejected(400, 1221, books.insert, {"_key": key})

    @runner.check
    def an_id_names_the_key_of_a_new_document():
        with TemporaryCollection() as books:
            # The client copies the key out of the id.
            assert_same(books.insert({"_id": f"{books.name}/a"})["_key"], "a")
            made = books.insert({"_key": "b", "_rev": "_given"})
            assert_true(made["_rev"] != "_given", "the revision is the server's")

    @runner.check
    def a_body_must_be_json_and_an_object():
        with TemporaryCollection() as books:
            path = f"/_api/document/{books.name}"
            assert_same([number(send("POST", path, json=body)) for body in ("text", 1, True)], [(400, 1227)] * 3)
            assert_same([number(send("POST", path, data=body)) for body in ("", "{", "{]")], [(400, 600)] * 3)
            books.insert({"_key": "a"})
            assert_same(number(send("PATCH", f"{path}/a", json=[])), (400, 1227))


def revisions(runner):
    """Registers the checks of revisions as preconditions."""

    @runner.check
    def every_write_has_a_new_revision():
        with TemporaryCollection() as books:
            seen = [books.insert({"_key": "a"})["_rev"]]
            seen += [through(index, books).update({"_key": "a", "same": 1})["_rev"] for index in range(3)]
            assert_same(len(set(seen)), 4, "distinct revisions")
            assert_true(all(re.fullmatch("[A-Za-z0-9_-]+", each) for each in seen), f"revisions: {seen}")

    @runner.check
    def a_write_with_an_old_revision_is_rejected():
        with TemporaryCollection() as books:
            old = books.insert({"_key": "a", "n": 1})
            new = through(1, books).update({"_key": "a", "n": 2})
            for call in (books.update, books.replace):
                assert_rejected(412, 1200, call, old | {"n": 3})
            assert_rejected(412, 1200, books.delete, old)
            assert_rejected(412, 1200, books.get, "a", rev=old["_rev"])
            assert_same(books.get("a")["n"], 2)
            newest = books.update({"_key": "a", "_rev": new["_rev"], "n": 4})["_rev"]
            assert_same(books.delete("a", rev=newest)["_rev"], newest)

    @runner.check
    def a_revision_is_ignored_on_request():
        with TemporaryCollection() as books:
            old = books.insert({"_key": "a", "n": 1})
            books.update({"_key": "a", "n": 2})
            assert_same(books.update(old | {"n": 3}, check_rev=False, return_new=True)["new"]["n"], 3)
            assert_same(books.replace(old | {"n": 4}, check_rev=False, return_new=True)["new"]["n"], 4)
            assert_same(books.get("a", rev=old["_rev"], check_rev=False)["n"], 4)
            assert_same(books.delete(old, check_rev=False, silent=True), True)

    @runner.check
    def a_read_with_the_current_revision_succeeds():
        with TemporaryCollection() as books:
            made = books.insert({"_key": "a"})
            assert_same(through(1, books).get(made), made)
            assert_same(through(2, books).has("a", rev=made["_rev"]), True)
            assert_rejected(412, 412, books.has, "a", rev="_other")


def edges(runner):
    """Registers the checks of edges."""

    @runner.check
    def an_edge_has_two_ends():
        with TemporaryCollection(edge=True) as links:
            made = links.insert({"_key": "a", "_from": "books/1", "_to": "books/2", "weight": 1})
            assert_same(through(1, links).get("a"), made | {"_from": "books/1", "_to": "books/2", "weight": 1})
            for body in [{}, {"_from": "books/1"}, {"_from": "books", "_to": "books/1"}, {"_from": 1, "_to": 2}]:
                assert_rejected(400, 1233, links.insert, body)
            assert_same(links.update({"_key": "a", "_to": "books/3"}, return_new=True)["new"]["_to"], "books/3")
            assert_rejected(400, 1233, links.replace, {"_key": "a", "weight": 2})
