// Checks of definitions of views and analyzers.

import assert from "node:assert/strict";

import { ENDPOINTS, assertRejected, root, withCollection } from "./environment.mjs";

/** Creates a view, calls `use` with it, and drops it. */
async function withView(options, use) {
  const view = await root().createView("compat_js_view", options);
  try {
    await use(view);
  } finally {
    await view.drop();
  }
}

/** Creates an analyzer, calls `use` with it, and removes it. */
async function withAnalyzer(options, use) {
  const analyzer = await root().createAnalyzer("compat_js_analyzer", options);
  try {
    await use(analyzer);
  } finally {
    await analyzer.drop(true);
  }
}

export default {
  async a_view_is_created_read_changed_and_dropped() {
    await withCollection({}, async (books) => {
      const options = { type: "arangosearch", cleanupIntervalStep: 9, links: { [books.name]: { includeAllFields: true } } };
      await withView(options, async (view) => {
        const found = await root(ENDPOINTS[1]).view("compat_js_view").properties();
        assert.deepEqual([found.cleanupIntervalStep, found.links[books.name].includeAllFields], [9, true]);
        assert.deepEqual([(await view.get()).type, await view.exists()], ["arangosearch", true]);
        assert.deepEqual((await root(ENDPOINTS[2]).listViews()).map(({ name }) => name), ["compat_js_view"]);
        const updated = await view.updateProperties({ commitIntervalMsec: 8 });
        assert.deepEqual([updated.cleanupIntervalStep, updated.commitIntervalMsec], [9, 8]);
        const replaced = await view.replaceProperties({ links: {} });
        assert.deepEqual([replaced.cleanupIntervalStep, replaced.commitIntervalMsec, replaced.links], [2, 1000, {}]);
        await assertRejected(501, 1470, root().renameView("compat_js_view", "compat_js_other"));
        await assertRejected(409, 1207, root().createCollection("compat_js_view"));
      });
      assert.equal(await root().view("compat_js_view").exists(), false);
      await assertRejected(409, 1207, root().createView(books.name, { type: "arangosearch" }));
    });
  },

  async an_alias_has_inverted_indexes() {
    await withCollection({}, async (books) => {
      await books.ensureIndex({ type: "inverted", name: "titles", fields: ["title"] });
      const index = { collection: books.name, index: "titles" };
      await withView({ type: "search-alias", indexes: [index] }, async (view) => {
        assert.deepEqual((await view.properties()).indexes, [index]);
        const removed = await view.updateProperties({ indexes: [{ ...index, operation: "del" }] });
        assert.deepEqual(removed.indexes, []);
        await assertRejected(400, 10, view.updateProperties({ indexes: [{ ...index, index: "missing" }] }));
      });
    });
  },

  async an_analyzer_is_created_read_and_removed() {
    const options = { type: "ngram", properties: { min: 2, max: 3, preserveOriginal: true }, features: ["frequency"] };
    await withAnalyzer(options, async (analyzer) => {
      const found = await root(ENDPOINTS[1]).analyzer("compat_js_analyzer").get();
      assert.deepEqual([found.name, found.type, found.features], ["_system::compat_js_analyzer", "ngram", ["frequency"]]);
      assert.deepEqual([found.properties.max, await analyzer.exists()], [3, true]);
      const names = (await root().listAnalyzers()).map(({ name }) => name);
      assert.ok(names.includes("identity") && names.includes(found.name), String(names));
      const other = { type: "delimiter", properties: { delimiter: "," } };
      await assertRejected(400, 10, root().createAnalyzer("compat_js_analyzer", other));
    });
    assert.equal(await root().analyzer("compat_js_analyzer").exists(), false);
  },

  async an_analyzer_in_use_is_removed_only_by_force() {
    await withCollection({}, async (books) => {
      await withAnalyzer({ type: "identity" }, async (analyzer) => {
        const links = { [books.name]: { analyzers: ["compat_js_analyzer"] } };
        await withView({ type: "arangosearch", links }, () => assertRejected(409, 1200, analyzer.drop()));
      });
    });
  },
};
