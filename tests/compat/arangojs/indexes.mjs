// Checks of indexes: definitions, uniqueness, listing, dropping.

import assert from "node:assert/strict";

import { assertRejected, errorNumbers, through, withCollection } from "./environment.mjs";

export default {
  async an_index_is_created_once_and_read_by_id_and_name() {
    await withCollection({}, async (books) => {
      const made = await books.ensureIndex({ type: "persistent", fields: ["a", "b.c"], name: "by_a" });
      assert.deepEqual([made.code, made.isNewlyCreated], [201, true]);
      assert.deepEqual([made.unique, made.sparse, made.deduplicate, made.estimates], [false, false, true, true]);
      const again = await through(1, books).ensureIndex({ type: "persistent", fields: ["a", "b.c"], name: "by_a" });
      assert.deepEqual([again.code, again.isNewlyCreated, again.id], [200, false, made.id]);
      assert.deepEqual((await through(2, books).index(made.id)).fields, ["a", "b.c"]);
      assert.equal((await books.index("by_a")).id, made.id);
    });
  },

  async indexes_are_listed_and_dropped() {
    await withCollection({}, async (books) => {
      const made = await books.ensureIndex({ type: "persistent", fields: ["a"], name: "by_a" });
      const names = async () => (await through(1, books).indexes()).map(({ name }) => name);
      assert.deepEqual(await names(), ["primary", "by_a"]);
      // A coordinator keeps no index in memory.
      const figures = (await books.indexes({ withStats: true })).map((index) => index.figures);
      assert.deepEqual(figures, [{ memory: 0 }, { memory: 0 }]);
      assert.equal((await books.dropIndex(made.id)).id, made.id);
      assert.deepEqual(await names(), ["primary"]);
      await assertRejected(404, 1212, books.dropIndex(made.id));
      await assertRejected(404, 1212, books.index("missing"));
      await assertRejected(403, 11, books.dropIndex("0"));
    });
  },

  async a_value_of_a_unique_index_is_used_once() {
    await withCollection({}, async (books) => {
      await books.ensureIndex({ type: "persistent", fields: ["isbn"], unique: true, sparse: true });
      await books.save({ _key: "a", isbn: 1 });
      await assertRejected(409, 1210, through(1, books).save({ isbn: 1 }));
      assert.deepEqual(errorNumbers(await books.saveAll([{}, {}, { isbn: 2 }, { isbn: 2 }])), [null, null, null, 1210]);
      await books.update("a", { isbn: null });
      assert.equal((await books.save({ isbn: 1 }, { returnNew: true })).new.isbn, 1);
    });
  },

  async every_type_of_index_is_a_definition() {
    await withCollection({}, async (books) => {
      const definitions = [
        { type: "ttl", fields: ["at"], expireAfter: 60 },
        { type: "geo", fields: ["place"], geoJson: true },
        { type: "geo", fields: ["latitude", "longitude"] },
        { type: "inverted", fields: [{ name: "title" }], searchField: true },
        { type: "mdi", fields: ["x", "y"], fieldValueTypes: "double" },
        { type: "mdi-prefixed", fields: ["x"], prefixFields: ["z"], fieldValueTypes: "double" },
        { type: "fulltext", fields: ["text"], minLength: 3 },
        { type: "persistent", fields: ["p"], storedValues: ["q"], cacheEnabled: true },
      ];
      for (const definition of definitions) {
        const made = await books.ensureIndex(definition);
        for (const [name, value] of Object.entries(definition)) assert.deepEqual(made[name], value, name);
      }
      assert.equal((await through(1, books).indexes()).length, definitions.length + 1);
    });
  },

  async an_invalid_definition_is_rejected() {
    await withCollection({ numberOfShards: 2 }, async (books) => {
      for (const definition of [
        { type: "persistent", fields: [] },
        { type: "ttl", fields: ["a", "b"], expireAfter: 1 },
        { type: "geo", fields: ["a", "b", "c"] },
        { type: "mdi", fields: ["a"] },
        { type: "unknown", fields: ["a"] },
      ]) {
        await assertRejected(400, 10, books.ensureIndex(definition));
      }
      await assertRejected(400, 1470, books.ensureIndex({ type: "persistent", fields: ["a"], unique: true }));
      await books.ensureIndex({ type: "persistent", fields: ["a"], name: "n" });
      await assertRejected(400, 1207, books.ensureIndex({ type: "persistent", fields: ["b"], name: "n" }));
    });
  },
};
