// Checks of arrays of documents, whose elements succeed or fail independently.

import assert from "node:assert/strict";

import { assertRejected, errorNumbers, root, through, withCollection } from "./environment.mjs";

export default {
  async documents_are_inserted_in_the_order_of_the_array() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      const keys = Array.from({ length: 50 }, (_, n) => `k${n}`);
      const made = await books.saveAll(keys.map((_key) => ({ _key })), { returnNew: true });
      assert.deepEqual(made.map((each) => each.new._key), keys);
      const found = await through(1, books).documents([...keys].reverse());
      assert.deepEqual(found.map(({ _key }) => _key), [...keys].reverse());
    });
  },

  async each_element_has_its_own_error() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      const made = await books.saveAll([{ _key: "a" }, { _key: "a" }, { _key: "not valid" }, {}, 1]);
      assert.deepEqual(errorNumbers(made), [null, 1210, 1221, null, 1227]);
      assert.deepEqual(Object.keys(made[1]).sort(), ["error", "errorMessage", "errorNum"]);
      const update = [{ _key: "a", n: 1 }, { _key: "missing" }, { n: 2 }];
      assert.deepEqual(errorNumbers(await books.updateAll(update)), [null, 1202, 1226]);
      assert.deepEqual(errorNumbers(await books.replaceAll(update)), [null, 1202, 1226]);
      const removed = await through(1, books).removeAll(["a", "missing", { _key: "a" }], { returnOld: true });
      assert.deepEqual(errorNumbers(removed), [null, 1202, 1202]);
      assert.equal(removed[0].old.n, 1);
    });
  },

  async a_silent_array_returns_nothing_and_is_written() {
    await withCollection({}, async (books) => {
      assert.equal(await books.saveAll([{ _key: "a" }, { _key: "b" }], { silent: true }), undefined);
      assert.equal((await through(1, books).count()).count, 2);
    });
  },

  async options_apply_to_every_element() {
    await withCollection({}, async (books) => {
      await books.saveAll([{ _key: "a", n: 1, deep: { x: 1 } }, { _key: "b", n: 1 }]);
      const options = { keepNull: false, mergeObjects: false, returnNew: true, returnOld: true };
      const [a, b] = await books.updateAll([{ _key: "a", n: null, deep: { y: 2 } }, { _key: "b", n: 2 }], options);
      assert.deepEqual(["n" in a.new, a.new.deep, a.old.n, b.new.n], [false, { y: 2 }, 1, 2]);
      const overwritten = await books.saveAll([{ _key: "a" }, { _key: "c" }], { overwriteMode: "replace" });
      assert.deepEqual(overwritten.map((each) => each._oldRev), [a._rev, undefined]);
    });
  },

  async revisions_are_compared_on_request() {
    await withCollection({}, async (books) => {
      const old = await books.saveAll([{ _key: "a" }, { _key: "b" }]);
      await through(1, books).update("b", { n: 1 });
      const compared = { ignoreRevs: false };
      assert.deepEqual(errorNumbers(await books.updateAll(old.map(({ _key, _rev }) => ({ _key, _rev, m: 1 })), compared)), [null, 1200]);
      assert.deepEqual(errorNumbers(await books.removeAll([old[1]], compared)), [1200]);
      assert.deepEqual(errorNumbers(await books.removeAll(old)), [null, null]);
    });
  },

  async documents_are_read_by_key_id_and_object() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      await books.saveAll([{ _key: "a" }, { _key: "b" }, { _key: "c" }]);
      const found = await books.documents(["a", `${books.name}/b`, { _key: "c" }, "missing"]);
      assert.deepEqual(found.map(({ _key }) => _key), ["a", "b", "c", undefined]);
      assert.equal(found[3].errorNum, 1202);
      assert.deepEqual(await books.documents([]), []);
      assert.equal((await books.documents(["a"], { allowDirtyRead: true }))[0]._key, "a");
      await assertRejected(404, 1203, root().collection("compat_js_missing").documents(["a"]));
    });
  },
};
