// Checks of the definitions of named graphs.

import assert from "node:assert/strict";

import { ENDPOINTS, assertRejected, root } from "./environment.mjs";

const ROADS = { collection: "compat_js_roads", from: ["compat_js_towns"], to: ["compat_js_cities"] };

/** Creates a graph, calls `use` with it, and drops it with its collections. */
async function withGraph(definitions, options, use) {
  const graph = await root().createGraph("compat_js_graph", definitions, options);
  try {
    await use(graph);
  } finally {
    await graph.drop(true);
  }
}

export default {
  async a_new_graph_creates_its_collections() {
    await withGraph([ROADS], { numberOfShards: 2 }, async (graph) => {
      const kinds = { compat_js_roads: 3, compat_js_towns: 2, compat_js_cities: 2 };
      for (const [name, type] of Object.entries(kinds)) {
        const properties = await root(ENDPOINTS[1]).collection(name).properties();
        assert.deepEqual([properties.type, properties.numberOfShards], [type, 2], name);
      }
      assert.equal(await graph.exists(), true);
    });
    assert.equal(await root(ENDPOINTS[1]).collection("compat_js_towns").exists(), false);
  },

  async a_graph_describes_itself_to_every_coordinator() {
    await withGraph([ROADS], { replicationFactor: 2 }, async () => {
      for (const url of ENDPOINTS) {
        const found = await root(url).graph("compat_js_graph").get();
        assert.deepEqual([found.name, found.edgeDefinitions, found.replicationFactor], ["compat_js_graph", [ROADS], 2]);
        assert.deepEqual((await root(url).listGraphs()).map(({ name }) => name), ["compat_js_graph"]);
      }
      await assertRejected(409, 1925, root().createGraph("compat_js_graph", []));
    });
    await assertRejected(404, 1924, root().graph("compat_js_graph").get());
  },

  async a_collection_is_an_orphan_until_a_definition_uses_it() {
    await withGraph([], {}, async (graph) => {
      await graph.addVertexCollection("compat_js_towns");
      await graph.addVertexCollection("compat_js_lakes");
      await assertRejected(400, 1938, graph.addVertexCollection("compat_js_lakes"));
      await graph.addEdgeDefinition(ROADS);
      await assertRejected(400, 1920, graph.addEdgeDefinition(ROADS));
      await assertRejected(400, 1929, graph.addVertexCollection("compat_js_towns"));
      const found = await graph.get();
      assert.deepEqual([found.orphanCollections, found.edgeDefinitions], [["compat_js_lakes"], [ROADS]]);
      const lists = [await graph.listVertexCollections(), await graph.listEdgeCollections()];
      assert.deepEqual(lists, [["compat_js_cities", "compat_js_lakes", "compat_js_towns"], ["compat_js_roads"]]);
    });
  },

  async definitions_are_replaced_and_removed() {
    await withGraph([ROADS], {}, async (graph) => {
      const other = { ...ROADS, to: ["compat_js_lakes"] };
      await graph.replaceEdgeDefinition(other);
      const found = await root(ENDPOINTS[1]).graph("compat_js_graph").get();
      assert.deepEqual([found.edgeDefinitions, found.orphanCollections], [[other], ["compat_js_cities"]]);
      await assertRejected(400, 1928, graph.removeVertexCollection("compat_js_towns"));
      await graph.removeVertexCollection("compat_js_cities", true);
      await graph.removeEdgeDefinition("compat_js_roads");
      await assertRejected(404, 1930, graph.removeEdgeDefinition("compat_js_roads"));
      assert.deepEqual((await graph.get()).orphanCollections.sort(), ["compat_js_lakes", "compat_js_towns"]);
      assert.equal(await root(ENDPOINTS[1]).collection("compat_js_cities").exists(), false);
      await root().collection("compat_js_roads").drop();
    });
  },
};
