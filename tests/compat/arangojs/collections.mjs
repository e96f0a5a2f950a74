// Checks of collections: create, properties, keys, schemas, computed values, drop.

import assert from "node:assert/strict";

import { ENDPOINTS, aql, assertRejected, root, through, withCollection } from "./environment.mjs";

export default {
  async a_new_collection_is_known_to_every_coordinator() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      for (const url of ENDPOINTS) {
        const listed = await root(url).listCollections();
        const own = listed.find(({ name }) => name === books.name);
        assert.deepEqual([own.type, own.status, own.isSystem], [2, 3, false]);
        assert.equal(await root(url).collection(books.name).exists(), true);
      }
      assert.ok((await root().listCollections(false)).some(({ isSystem }) => isSystem));
      await assertRejected(409, 1207, root(ENDPOINTS[1]).createCollection(books.name));
    });
  },

  async a_dropped_collection_is_unknown() {
    const books = await root().createCollection("compat_js_gone");
    await books.drop();
    assert.equal(await books.exists(), false);
    for (const call of ["get", "properties", "count", "figures", "revision", "shards", "truncate", "indexes", "drop"]) {
      await assertRejected(404, 1203, books[call]());
    }
    await assertRejected(404, 1203, books.save({}));
  },

  async properties_are_those_that_were_given() {
    const given = {
      waitForSync: true,
      numberOfShards: 2,
      shardKeys: ["country"],
      replicationFactor: 2,
      writeConcern: 2,
      cacheEnabled: true,
      keyOptions: { type: "padded", allowUserKeys: false },
    };
    await withCollection(given, async (books) => {
      const found = await through(1, books).properties();
      for (const [name, value] of Object.entries(given)) assert.deepEqual(found[name], value, name);
      const changed = await books.properties({ waitForSync: false, cacheEnabled: false, replicationFactor: 3 });
      assert.deepEqual([changed.waitForSync, changed.cacheEnabled, changed.replicationFactor], [false, false, 3]);
      const { error, code, ...again } = await through(2, books).properties();
      assert.deepEqual({ error, code, ...again }, changed);
    });
  },

  async an_edge_collection_is_created() {
    const links = await root().createEdgeCollection("compat_js_links");
    assert.equal((await through(1, links).get()).type, 3);
    await links.drop();
  },

  async a_schema_rejects_documents_with_its_message() {
    const rule = { type: "object", properties: { pages: { type: "integer" } }, required: ["pages"] };
    const schema = { rule, level: "strict", message: "pages are missing", type: "json" };
    await withCollection({ schema }, async (books) => {
      assert.deepEqual((await through(1, books).properties()).schema, schema);
      await assertRejected(400, 1620, books.save({ pages: "many" }));
      await books.save({ _key: "a", pages: 1 });
      await assertRejected(400, 1620, books.update("a", { pages: 1.5 }));
      await books.properties({ schema: null });
      assert.equal((await books.update("a", { pages: 1.5 }, { returnNew: true })).new.pages, 1.5);
    });
  },

  async values_are_computed_from_the_document() {
    const value = { name: "sum", expression: aql`RETURN @doc.a + @doc.b`, overwrite: true, computeOn: ["insert"] };
    // The client reads the bind parameter of a literal expression from its text.
    const computedValues = [{ ...value, expression: "RETURN @doc.a + @doc.b" }];
    await withCollection({ computedValues }, async (books) => {
      assert.equal((await books.save({ _key: "a", a: 1, b: 2, sum: 9 }, { returnNew: true })).new.sum, 3);
      assert.equal((await books.update("a", { a: 5 }, { returnNew: true })).new.sum, 3);
      const [found] = (await through(1, books).properties()).computedValues;
      assert.deepEqual([found.name, found.keepNull, found.failOnWarning], ["sum", true, false]);
    });
  },

  async keys_are_generated_in_the_wanted_form() {
    const forms = { traditional: /^\d+$/, padded: /^[0-9a-f]{16}$/, uuid: /^[0-9a-f-]{36}$/, autoincrement: /^\d+$/ };
    for (const [type, form] of Object.entries(forms)) {
      await withCollection({ keyOptions: { type } }, async (books) => {
        const keys = [];
        for (const index of [0, 1, 2]) keys.push((await through(index, books).save({}))._key);
        assert.ok(keys.every((key) => form.test(key)), `${type}: ${keys}`);
        assert.equal(new Set(keys).size, 3);
      });
    }
  },

  async documents_are_counted_and_measured() {
    await withCollection({ numberOfShards: 3 }, async (books) => {
      await books.saveAll(Array.from({ length: 20 }, (_, n) => ({ n })));
      for (const index of [0, 1, 2]) assert.equal((await through(index, books).count()).count, 20);
      const { count, figures } = await books.figures();
      assert.equal(count, 20);
      assert.ok(figures.documentsSize > 20 * 30 && figures.indexes.count === 1);
      assert.equal(await books.recalculateCount(), true);
      const { revision } = await books.revision();
      await books.truncate({ waitForSync: true });
      assert.equal((await through(1, books).count()).count, 0);
      assert.notEqual((await through(1, books).revision()).revision, revision);
    });
  },

  async shards_are_listed_with_their_servers() {
    await withCollection({ numberOfShards: 3, replicationFactor: 2 }, async (books) => {
      const { shards } = await through(1, books).shards(true);
      assert.equal(Object.keys(shards).length, 3);
      assert.ok(Object.values(shards).every((servers) => servers.length === 2 && servers[0] !== servers[1]));
      assert.deepEqual([...(await books.shards(false)).shards].sort(), Object.keys(shards).sort());
      assert.ok((await books.getResponsibleShard({ _key: "a" })) in shards);
    });
  },

  async loading_compaction_and_renaming_respond_as_in_a_cluster() {
    await withCollection({}, async (books) => {
      assert.equal(await books.loadIndexes(), true);
      assert.equal((await books.compact()).name, books.name);
      await assertRejected(501, 1470, books.rename("compat_js_other"));
    });
  },
};
