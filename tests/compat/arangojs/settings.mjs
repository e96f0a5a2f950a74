// Checks of caches, rules and checksums.

import assert from "node:assert/strict";

import { root, through, withCollection } from "./environment.mjs";

export default {
  async the_rules_of_the_optimizer_have_flags() {
    const rules = await root().queryRules();
    assert.ok(rules.length > 50);
    assert.deepEqual(Object.keys(rules[0]).sort(), ["flags", "name"]);
  },

  async the_cache_of_results_is_empty_and_has_properties() {
    const db = root();
    assert.deepEqual(await db.listQueryCacheEntries(), []);
    assert.equal((await db.setQueryCacheProperties({ maxResults: 7 })).maxResults, 7);
    assert.equal((await db.getQueryCacheProperties()).maxResults, 7);
    await db.setQueryCacheProperties({ maxResults: 128 });
    await db.clearQueryCache();
  },

  async collections_with_the_same_documents_have_the_same_checksum() {
    await withCollection({}, async (one) => {
      await withCollection({}, async (other) => {
        await one.saveAll([{ _key: "a", x: 1 }, { _key: "b" }]);
        await other.saveAll([{ _key: "b" }, { _key: "a", x: 2 }]);
        assert.equal((await one.checksum()).checksum, (await through(1, other).checksum()).checksum);
        const [first, second] = [await one.checksum({ withData: true }), await other.checksum({ withData: true })];
        assert.notEqual(first.checksum, second.checksum);
        assert.equal((await one.figures(true)).figures.engine.documents, 2);
      });
    });
  },
};
