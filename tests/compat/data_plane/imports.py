"""Checks of imports."""

from check_runner import assert_rejected, assert_same
from data_plane.connections import root
from data_plane.temporary import TemporaryCollection, values
from raw_requests import send


def counts(result):
    """Returns created, errors, empty, updated and ignored."""
    return [result[name] for name in ("created", "errors", "empty", "updated", "ignored")]


def import_lines(collection, body, **parameters):
    """Imports a body that the client cannot send: lines of documents or of values."""
    response = send("POST", "/_api/import", data=body, params={"collection": collection.name, **parameters})
    assert_same(response.status_code, 201)
    return response.json()


def checks(runner):
    """Registers all checks of imports."""

    @runner.check
    def an_import_inserts_documents_and_counts_failures():
        with TemporaryCollection() as books:
            books.insert({"_key": "a"})
            result = books.import_bulk([{"_key": "a"}, {"_key": "b"}, {}], halt_on_error=False)
            assert_same(counts(result), [2, 1, 0, 0, 0])
            assert_same(len(result["details"]), 1)
            assert_same(counts(books.import_bulk([])), [0, 0, 0, 0, 0])

    @runner.check
    def documents_that_exist_are_updated_replaced_or_ignored():
        with TemporaryCollection() as books:
            books.insert({"_key": "a", "x": 1, "y": 1})
            new = [{"_key": "a", "x": 2}, {"_key": "b"}]
            assert_same(counts(books.import_bulk(new, on_duplicate="ignore")), [1, 0, 0, 0, 1])
            assert_same(counts(books.import_bulk(new, on_duplicate="update")), [0, 0, 0, 2, 0])
            assert_same((values(books, "x"), values(books, "y")), ([2, None], [1, None]))
            assert_same(counts(books.import_bulk(new, on_duplicate="replace")), [0, 0, 0, 2, 0])
            assert_same(values(books, "y"), [None, None])

    @runner.check
    def a_complete_import_fails_as_a_whole():
        with TemporaryCollection() as books:
            books.insert({"_key": "a"})
            assert_rejected(409, 1210, books.import_bulk, [{"_key": "b"}, {"_key": "a"}])
            assert_same(books.count(), 1)

    @runner.check
    def an_import_can_remove_all_documents_first():
        with TemporaryCollection() as books:
            books.insert({"_key": "a"})
            books.import_bulk([{"_key": "b"}], overwrite=True, sync=True)
            assert_same((books.has("a"), books.has("b")), (False, True))

    @runner.check
    def the_ends_of_imported_edges_get_a_prefix():
        with TemporaryCollection(edge=True) as wrote:
            edges = [{"_from": "anna", "_to": "7"}, {"_from": "x/anna"}]
            assert_same(counts(wrote.import_bulk(edges, halt_on_error=False, from_prefix="authors", to_prefix="books")), [1, 1, 0, 0, 0])
            assert_same((values(wrote, "_from"), values(wrote, "_to")), (["authors/anna"], ["books/7"]))

    @runner.check
    def lines_of_documents_and_of_values_are_imported():
        with TemporaryCollection() as books:
            result = import_lines(books, '{"x":1}\n\n{"x":2}\n{', type="documents")
            assert_same(counts(result), [2, 1, 1, 0, 0])
            assert_same(counts(import_lines(books, '[{"x":3}]', type="auto")), [1, 0, 0, 0, 0])
            result = import_lines(books, '["x","y"]\n[4,null]\n[5]\n')
            assert_same(counts(result), [1, 1, 0, 0, 0])
            result = import_lines(books, '["x","y"]\n[5]\n', ignoreMissing="true")
            assert_same(counts(result), [1, 0, 0, 0, 0])
            assert_same(sorted(values(books, "x")), [1, 2, 3, 4, 5])

    @runner.check
    def an_unknown_collection_is_not_imported_to():
        assert_rejected(404, 1203, root().collection("compat_never").import_bulk, [{}])
