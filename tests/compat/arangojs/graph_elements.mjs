// Checks of vertices and edges of named graphs, and of the edges of a vertex.

import assert from "node:assert/strict";

import { ENDPOINTS, assertRejected, root } from "./environment.mjs";

const TOWNS = "compat_js_towns";

/** Creates a graph of two towns with a road, calls `use` with its collections, and drops it. */
async function withTowns(use) {
  const roads = { collection: "compat_js_roads", from: [TOWNS], to: [TOWNS] };
  const graph = await root().createGraph("compat_js_graph", [roads]);
  try {
    const [towns, edges] = [graph.vertexCollection(TOWNS), graph.edgeCollection("compat_js_roads")];
    for (const _key of ["a", "b"]) await towns.save({ _key, x: 1 });
    await edges.save({ _key: "r", _from: `${TOWNS}/a`, _to: `${TOWNS}/b` });
    await use(towns, edges);
  } finally {
    await graph.drop(true);
  }
}

export default {
  async a_vertex_is_created_read_changed_and_removed() {
    await withTowns(async (towns) => {
      const made = await towns.save({ _key: "c", x: 1 }, { returnNew: true });
      assert.deepEqual([made._id, made.new.x], [`${TOWNS}/c`, 1]);
      const updated = await towns.update("c", { y: 2 }, { returnNew: true, returnOld: true });
      assert.deepEqual([updated.old.x, updated.new.y, updated._oldRev], [1, 2, made._rev]);
      await towns.replace("c", { z: 3 }, { waitForSync: true });
      const found = await root(ENDPOINTS[1]).graph("compat_js_graph").vertexCollection(TOWNS).vertex("c");
      assert.deepEqual([found.z, found.y], [3, undefined]);
      assert.equal((await towns.remove("c", { returnOld: true })).old.z, 3);
      await assertRejected(404, 1202, towns.vertex("c"));
      assert.equal(await towns.vertex("c", { graceful: true }), null);
    });
  },

  async the_ends_of_an_edge_must_exist_in_the_graph() {
    await withTowns(async (_, roads) => {
      const edge = (to) => ({ _from: `${TOWNS}/a`, _to: to });
      await assertRejected(404, 1947, roads.save(edge("elsewhere/b")));
      await assertRejected(404, 1202, roads.save(edge(`${TOWNS}/z`)));
      await assertRejected(400, 1233, roads.save({ _from: `${TOWNS}/a` }));
      await assertRejected(404, 1202, roads.replace("r", edge(`${TOWNS}/z`)));
      assert.equal((await roads.update("r", { x: 2 }, { returnNew: true })).new.x, 2);
      assert.equal((await roads.edge("r")).x, 2);
      await roads.remove("r");
      await assertRejected(404, 1202, roads.edge("r"));
    });
  },

  async a_removed_vertex_takes_its_edges_with_it() {
    await withTowns(async (towns, roads) => {
      await towns.remove("b");
      assert.equal((await roads.collection.count()).count, 0);
      await assertRejected(404, 1949, root().graph("compat_js_graph").vertexCollection("compat_never").save({}));
    });
  },

  async a_revision_is_a_condition() {
    await withTowns(async (towns) => {
      const { _rev: rev } = await towns.vertex("a");
      await towns.update("a", { x: 2 }, { rev });
      await assertRejected(412, 1200, towns.update("a", {}, { rev }));
      await assertRejected(412, 1200, towns.replace("a", {}, { rev }));
      await assertRejected(412, 1200, towns.remove("a", { rev }));
      await assertRejected(412, 1200, towns.vertex("a", { rev }));
    });
  },

  async the_edges_of_a_vertex_are_listed_by_direction() {
    await withTowns(async (_, roads) => {
      const edges = roads.collection;
      const lists = [await edges.inEdges(`${TOWNS}/a`), await edges.outEdges(`${TOWNS}/a`)];
      assert.deepEqual(lists.map(({ edges }) => edges.length), [0, 1]);
      assert.deepEqual(lists[1].stats, { scannedIndex: 1, filtered: 0 });
    });
  },
};
