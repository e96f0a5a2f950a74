"""Checks of the options of writes to single documents."""

from check_runner import assert_rejected, assert_same
from data_plane.temporary import TemporaryCollection, through


def checks(runner):
    """Registers all checks of options."""
    returned_documents(runner)
    overwriting(runner)
    merging(runner)
    versions(runner)


def without_system(document):
    """Returns the document without its system attributes."""
    return {name: value for name, value in document.items() if not name.startswith("_")}


def returned_documents(runner):
    """Registers the checks of `returnNew`, `returnOld` and `silent`."""

    @runner.check
    def a_response_has_the_documents_that_were_asked_for():
        with TemporaryCollection() as books:
            made = books.insert({"_key": "a", "n": 1}, return_new=True)
            assert_same(sorted(made), ["_id", "_key", "_rev", "new"])
            assert_same((made["new"]["_rev"], made["new"]["n"]), (made["_rev"], 1))
            updated = books.update({"_key": "a", "n": 2}, return_new=True, return_old=True)
            assert_same((updated["old"], without_system(updated["new"])), (made["new"], {"n": 2}))
            replaced = books.replace({"_key": "a", "m": 3}, return_new=True, return_old=True)
            assert_same((replaced["old"], without_system(replaced["new"])), (updated["new"], {"m": 3}))
            assert_same(books.delete("a", return_old=True)["old"], replaced["new"])

    @runner.check
    def a_silent_write_is_made():
        with TemporaryCollection() as books:
            assert_same(books.insert({"_key": "a", "n": 1}, silent=True, return_new=True), True)
            assert_same(books.update({"_key": "a", "n": 2}, silent=True), True)
            assert_same(through(1, books).get("a")["n"], 2)
            assert_same(books.replace({"_key": "a"}, silent=True), True)
            assert_same(books.delete("a", silent=True), True)
            assert_rejected(404, 1202, books.delete, "a", silent=True)


def overwriting(runner):
    """Registers the checks of `overwriteMode`."""

    @runner.check
    def an_insert_replaces_on_request():
        with TemporaryCollection() as books:
            first = books.insert({"_key": "a", "n": 1}, overwrite_mode="replace")
            assert_same("_old_rev" in first or "_oldRev" in first, False)
            second = books.insert({"_key": "a", "m": 2}, overwrite_mode="replace", return_new=True, return_old=True)
            assert_same(second["_old_rev"], first["_rev"])
            assert_same((without_system(second["old"]), without_system(second["new"])), ({"n": 1}, {"m": 2}))
            third = books.insert({"_key": "a", "o": 3}, overwrite=True, return_new=True)
            assert_same(without_system(third["new"]), {"o": 3})

    @runner.check
    def an_insert_updates_on_request():
        with TemporaryCollection() as books:
            books.insert({"_key": "a", "n": 1, "deep": {"x": 1}})
            patch = {"_key": "a", "m": 2, "deep": {"y": 2}}
            new = books.insert(patch, overwrite_mode="update", return_new=True)["new"]
            assert_same(without_system(new), {"n": 1, "m": 2, "deep": {"x": 1, "y": 2}})
            new = books.insert(patch, overwrite_mode="update", merge=False, return_new=True)["new"]
            assert_same(new["deep"], {"y": 2})

    @runner.check
    def an_updating_insert_removes_null_only_on_request():
        with TemporaryCollection() as books:
            books.insert({"_key": "a", "n": 1})
            kept = {"overwrite_mode": "update", "keep_none": True, "return_new": True}
            assert_same(without_system(books.insert({"_key": "a", "n": None}, **kept)["new"]), {"n": None})
            removed = kept | {"keep_none": False}
            assert_same(without_system(books.insert({"_key": "a", "n": None}, **removed)["new"]), {})

    @runner.check
    def an_insert_ignores_an_existing_document_on_request():
        with TemporaryCollection() as books:
            made = books.insert({"_key": "a", "n": 1})
            ignored = through(1, books).insert({"_key": "a", "n": 2}, overwrite_mode="ignore")
            assert_same({key: ignored[key] for key in made}, made)
            assert_same(books.get("a")["n"], 1)
            assert_same(books.insert({"_key": "b", "n": 2}, overwrite_mode="ignore")["_key"], "b")

    @runner.check
    def an_insert_conflicts_unless_asked_otherwise():
        with TemporaryCollection() as books:
            books.insert({"_key": "a"})
            assert_rejected(409, 1210, books.insert, {"_key": "a"}, overwrite_mode="conflict")


def merging(runner):
    """Registers the checks of `keepNull` and `mergeObjects`."""

    @runner.check
    def null_is_kept_or_removes_the_attribute():
        with TemporaryCollection() as books:
            books.insert({"_key": "a", "n": 1, "deep": {"x": 1, "y": 2}, "list": [{"z": None}]})
            kept = books.update({"_key": "a", "n": None, "deep": {"x": None}}, return_new=True)["new"]
            assert_same((kept["n"], kept["deep"]), (None, {"x": None, "y": 2}))
            patch = {"_key": "a", "n": None, "deep": {"x": None}, "list": [None]}
            new = books.update(patch, keep_none=False, return_new=True)["new"]
            assert_same(without_system(new), {"deep": {"y": 2}, "list": [None]})

    @runner.check
    def objects_are_merged_or_replaced():
        with TemporaryCollection() as books:
            books.insert({"_key": "a", "deep": {"x": 1, "list": [1]}})
            patch = {"_key": "a", "deep": {"y": 2, "list": [2]}}
            new = books.update(patch, return_new=True)["new"]
            assert_same(new["deep"], {"x": 1, "y": 2, "list": [2]})
            new = books.update(patch, merge=False, return_new=True)["new"]
            assert_same(new["deep"], {"y": 2, "list": [2]})


def versions(runner):
    """Registers the checks of `versionAttribute`."""

    @runner.check
    def a_lower_or_equal_version_is_not_written():
        with TemporaryCollection() as books:
            made = books.insert({"_key": "a", "v": 5, "n": 1})
            for write in (books.update, books.replace):
                for version in (4, 5):
                    skipped = write({"_key": "a", "v": version, "n": 2}, version_attribute="v")
                    assert_same((skipped["_rev"], skipped["_old_rev"]), (made["_rev"], made["_rev"]))
            assert_same(through(1, books).get("a")["n"], 1)

    @runner.check
    def a_higher_version_is_written():
        with TemporaryCollection() as books:
            books.insert({"_key": "a", "v": 5, "n": 1})
            assert_same(books.update({"_key": "a", "v": 6, "n": 2}, version_attribute="v", return_new=True)["new"]["n"], 2)
            options = {"overwrite_mode": "replace", "version_attribute": "v", "return_new": True}
            assert_same(books.insert({"_key": "a", "v": 7, "n": 3}, **options)["new"]["n"], 3)
            skipped = books.insert({"_key": "a", "v": 7, "n": 4}, **options)
            assert_same(skipped["_rev"], skipped["_old_rev"])

    @runner.check
    def a_write_without_a_version_is_an_ordinary_write():
        with TemporaryCollection() as books:
            books.insert({"_key": "a", "v": 5, "n": 1})
            for patch in ({"n": 2}, {"v": "text", "n": 3}, {"v": 1, "n": 4}):
                new = books.replace({"_key": "a"} | patch, version_attribute="v", return_new=True)["new"]
                assert_same(new["n"], patch["n"])
