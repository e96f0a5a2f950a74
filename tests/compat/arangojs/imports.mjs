// Checks of imports.

import assert from "node:assert/strict";

import { assertRejected, root, withCollection } from "./environment.mjs";

/** Returns created, errors, empty, updated and ignored. */
function counts({ created, errors, empty, updated, ignored }) {
  return [created, errors, empty, updated, ignored];
}

export default {
  async documents_and_tuples_are_imported() {
    await withCollection({}, async (books) => {
      assert.deepEqual(counts(await books.import([{ _key: "a" }, { _key: "a" }, {}])), [2, 1, 0, 0, 0]);
      const tuples = [["_key", "x"], ["b", 1], ["c", null], ["d"]];
      const result = await books.import(tuples, { details: true });
      assert.deepEqual([counts(result), result.details.length], [[2, 1, 0, 0, 0], 1]);
      assert.equal((await books.document("b")).x, 1);
      assert.deepEqual(counts(await books.import('[{"_key":"e"}]', { type: "list" })), [1, 0, 0, 0, 0]);
      await assertRejected(404, 1203, root().collection("compat_never").import([{}]));
    });
  },

  async documents_that_exist_are_changed_ignored_or_fail_the_whole_import() {
    await withCollection({}, async (books) => {
      await books.save({ _key: "a", x: 1, y: 1 });
      const change = [{ _key: "a", x: 2 }];
      await assertRejected(409, 1210, books.import(change, { complete: true }));
      assert.deepEqual(counts(await books.import(change, { onDuplicate: "ignore" })), [0, 0, 0, 0, 1]);
      assert.deepEqual(counts(await books.import(change, { onDuplicate: "update" })), [0, 0, 0, 1, 0]);
      assert.equal((await books.document("a")).y, 1);
      assert.deepEqual(counts(await books.import(change, { onDuplicate: "replace" })), [0, 0, 0, 1, 0]);
      assert.equal((await books.document("a")).y, undefined);
      await books.import([{ _key: "b" }], { overwrite: true, waitForSync: true });
      assert.equal(await books.documentExists("a"), false);
    });
  },

  async the_ends_of_imported_edges_get_a_prefix() {
    await withCollection({ type: 3 }, async (wrote) => {
      const edge = [{ _key: "1", _from: "anna", _to: "x/7" }, { _from: "anna" }];
      const result = await wrote.import(edge, { fromPrefix: "authors", toPrefix: "books" });
      assert.deepEqual(counts(result), [1, 1, 0, 0, 0]);
      const { _from, _to } = await wrote.document("1");
      assert.deepEqual([_from, _to], ["authors/anna", "x/7"]);
    });
  },
};
