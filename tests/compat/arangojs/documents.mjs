// Checks of single documents: write, read, revisions, options.

import assert from "node:assert/strict";

import { assertRejected, through, withCollection } from "./environment.mjs";

const VALUES = {
  null: null,
  yes: true,
  text: 'quote " backslash \\ newline \n',
  "beyond ascii": "\u00e4 \u6771\u4eac \u{1f600}",
  empty: [{}, [], ""],
  safe: Number.MAX_SAFE_INTEGER,
  fraction: 0.1,
  small: 5e-324,
  nested: { a: { b: [1, { c: null }] } },
  "a.b/c d": 1,
};

/** Returns the document without its system attributes. */
function own({ _id, _key, _rev, ...attributes }) {
  return attributes;
}

export default {
  async a_document_is_written_and_read_through_different_coordinators() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      const made = await books.save({ _key: "a", ...VALUES });
      assert.deepEqual(Object.keys(made).sort(), ["_id", "_key", "_rev"]);
      const found = await through(1, books).document("a");
      assert.deepEqual(found, { ...made, ...VALUES });
      assert.deepEqual(await through(2, books).document(made._id), found);
      assert.equal(await through(1, books).documentExists("a"), true);
    });
  },

  async a_missing_document_is_not_found() {
    await withCollection({}, async (books) => {
      await assertRejected(404, 1202, books.document("missing"));
      assert.equal(await books.document("missing", { graceful: true }), null);
      assert.equal(await books.documentExists("missing"), false);
      await assertRejected(404, 1202, books.update("missing", {}));
      await assertRejected(404, 1202, books.replace("missing", {}));
      await assertRejected(404, 1202, books.remove("missing"));
    });
  },

  async keys_are_legal_and_used_once() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      for (const key of ["a-b_c:d.e@f(g)h+i,j=k;l$m!n*o'", "100%", "a".repeat(254)]) {
        await books.save({ _key: key });
        assert.equal((await through(1, books).document(key))._key, key);
        await assertRejected(409, 1210, through(2, books).save({ _key: key }));
      }
      for (const _key of ["", "a b", "a/b", "\u00e4", "a".repeat(255), 1, null]) {
        await assertRejected(400, 1221, books.save({ _key }));
      }
    });
  },

  async a_read_is_conditional_on_the_revision() {
    await withCollection({}, async (books) => {
      const { _rev } = await books.save({ _key: "a" });
      assert.equal((await books.document("a", { ifMatch: _rev }))._rev, _rev);
      await assertRejected(412, 1200, books.document("a", { ifMatch: "_other" }));
      assert.equal((await books.document("a", { ifNoneMatch: "_other" }))._rev, _rev);
      await assert.rejects(books.document("a", { ifNoneMatch: _rev }), (error) => error.code === 304);
      assert.equal(await books.documentExists("a", { ifMatch: _rev }), true);
    });
  },

  async a_write_is_conditional_on_the_revision() {
    await withCollection({}, async (books) => {
      const old = await books.save({ _key: "a", n: 1 });
      const { _rev } = await through(1, books).update("a", { n: 2 });
      await assertRejected(412, 1200, books.update("a", { n: 3 }, { ifMatch: old._rev }));
      await assertRejected(412, 1200, books.replace("a", { n: 3 }, { ifMatch: old._rev }));
      await assertRejected(412, 1200, books.remove("a", { ifMatch: old._rev }));
      await assertRejected(412, 1200, books.update("a", { n: 3, _rev: old._rev }, { ignoreRevs: false }));
      assert.equal((await books.update("a", { n: 3, _rev: old._rev }, { returnNew: true })).new.n, 3);
      assert.notEqual((await books.document("a"))._rev, _rev);
    });
  },

  async a_response_has_the_documents_that_were_asked_for() {
    await withCollection({}, async (books) => {
      const made = await books.save({ _key: "a", n: 1 }, { returnNew: true });
      assert.deepEqual(made.new, { _id: made._id, _key: "a", _rev: made._rev, n: 1 });
      const updated = await books.update("a", { m: 2 }, { returnNew: true, returnOld: true });
      assert.deepEqual([updated._oldRev, updated.old, own(updated.new)], [made._rev, made.new, { n: 1, m: 2 }]);
      const replaced = await books.replace("a", { o: 3 }, { returnNew: true, returnOld: true });
      assert.deepEqual([replaced.old, own(replaced.new)], [updated.new, { o: 3 }]);
      assert.deepEqual((await books.remove("a", { returnOld: true })).old, replaced.new);
    });
  },

  async a_silent_write_is_made() {
    await withCollection({}, async (books) => {
      assert.equal(await books.save({ _key: "a" }, { silent: true }), undefined);
      assert.equal(await books.update("a", { n: 1 }, { silent: true }), undefined);
      assert.equal((await through(1, books).document("a")).n, 1);
      assert.equal(await books.remove("a", { silent: true }), undefined);
      assert.equal((await books.count()).count, 0);
    });
  },

  async an_insert_overwrites_as_its_mode_says() {
    await withCollection({}, async (books) => {
      const first = await books.save({ _key: "a", n: 1, deep: { x: 1 } });
      const ignored = await books.save({ _key: "a", n: 2 }, { overwriteMode: "ignore" });
      assert.equal(ignored._rev, first._rev);
      const update = { overwriteMode: "update", returnNew: true };
      assert.deepEqual(own((await books.save({ _key: "a", deep: { y: 2 } }, update)).new), { n: 1, deep: { x: 1, y: 2 } });
      const flat = await books.save({ _key: "a", deep: { z: 3 } }, { ...update, mergeObjects: false });
      assert.deepEqual(flat.new.deep, { z: 3 });
      const removed = await books.save({ _key: "a", n: null }, { ...update, keepNull: false });
      assert.equal("n" in removed.new, false);
      const replaced = await books.save({ _key: "a", m: 1 }, { overwriteMode: "replace", returnNew: true, returnOld: true });
      assert.deepEqual([replaced._oldRev, own(replaced.new)], [removed._rev, { m: 1 }]);
      assert.deepEqual(replaced.old, removed.new);
      await assertRejected(409, 1210, books.save({ _key: "a" }, { overwriteMode: "conflict" }));
    });
  },

  async an_update_keeps_null_and_merges_unless_asked_otherwise() {
    await withCollection({}, async (books) => {
      await books.save({ _key: "a", n: 1, deep: { x: 1 } });
      const kept = await books.update("a", { n: null, deep: { y: null } }, { returnNew: true });
      assert.deepEqual(own(kept.new), { n: null, deep: { x: 1, y: null } });
      const options = { keepNull: false, mergeObjects: false, returnNew: true };
      assert.deepEqual(own((await books.update("a", { n: null, deep: { z: 1 } }, options)).new), { deep: { z: 1 } });
    });
  },

  async a_version_that_is_not_higher_is_not_written() {
    await withCollection({}, async (books) => {
      await books.save({ _key: "a", v: 5, n: 1 });
      const options = { versionAttribute: "v" };
      const skipped = await through(1, books).update("a", { v: 5, n: 2 }, options);
      assert.equal(skipped._rev, skipped._oldRev);
      const written = await books.replace("a", { v: 6, n: 3 }, options);
      assert.notEqual(written._rev, written._oldRev);
      assert.equal((await books.document("a")).n, 3);
    });
  },

  async an_edge_has_two_ends() {
    await withCollection({ type: 3 }, async (links) => {
      const made = await links.save({ _from: "books/1", _to: "books/2" }, { returnNew: true });
      assert.deepEqual([made.new._from, made.new._to], ["books/1", "books/2"]);
      await assertRejected(400, 1233, links.save({}));
      await assertRejected(400, 1233, links.save({ _from: "books", _to: "books/1" }));
    });
  },
};
