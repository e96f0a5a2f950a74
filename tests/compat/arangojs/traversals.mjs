// Checks of traversals of named graphs and of edge collections.

import assert from "node:assert/strict";

import { ENDPOINTS, aql, assertRejected, root } from "./environment.mjs";

const ROUTES = { collection: "compat_js_routes", from: ["compat_js_stations"], to: ["compat_js_stations"] };

/** Creates a graph of four stations and four routes, calls `use`, and drops it with its collections. */
async function withNetwork(use) {
  const graph = await root().createGraph("compat_js_network", [ROUTES], { numberOfShards: 3 });
  try {
    const id = (key) => `compat_js_stations/${key}`;
    await root().collection("compat_js_stations").saveAll([..."abcd"].map((_key) => ({ _key })));
    await root()
      .collection("compat_js_routes")
      .saveAll(["ab", "bc", "ca", "ad"].map((_key) => ({ _key, _from: id(_key[0]), _to: id(_key[1]) })));
    await use(graph, id("a"));
  } finally {
    await graph.drop(true);
  }
}

/** Returns all rows of a query, through the second coordinator. */
async function rows(query) {
  return (await root(ENDPOINTS[1]).query(query)).all();
}

export default {
  async a_graph_is_traversed_in_all_directions() {
    await withNetwork(async (graph, start) => {
      const outbound = aql`FOR v IN ${1}..${2} OUTBOUND ${start} GRAPH ${graph.name} SORT v._key RETURN v._key`;
      assert.deepEqual(await rows(outbound), ["b", "c", "d"]);
      const inbound = aql`FOR v IN 2 INBOUND ${start} GRAPH ${graph.name} RETURN v._key`;
      assert.deepEqual(await rows(inbound), ["b"]);
      const any = aql`FOR v IN ANY ${start} GRAPH ${graph.name} SORT v._key RETURN v._key`;
      assert.deepEqual(await rows(any), ["b", "c", "d"]);
    });
  },

  async an_edge_collection_is_traversed_if_the_vertices_are_declared() {
    await withNetwork(async (graph, start) => {
      const routes = root().collection("compat_js_routes");
      const stations = root().collection("compat_js_stations");
      const path = aql`FOR v, e, p IN 2 OUTBOUND ${start} ${routes} RETURN [p.vertices[*]._key, p.edges[*]._key]`;
      await assertRejected(400, 1521, rows(path));
      assert.deepEqual(await rows(aql`WITH ${stations} ${path}`), [[["a", "b", "c"], ["ab", "bc"]]]);
    });
  },

  async uniqueness_and_order_are_chosen() {
    await withNetwork(async (graph, start) => {
      const from = aql`FOR v, e, p IN 0..9 ANY ${start} GRAPH ${graph.name}`;
      const once = aql`${from} OPTIONS { order: "bfs", uniqueVertices: "global" } RETURN LENGTH(p.edges)`;
      assert.deepEqual(await rows(once), [0, 1, 1, 1]);
      await assertRejected(400, 10, rows(aql`${from} OPTIONS { uniqueVertices: "global" } RETURN v`));
      const paths = aql`${from} OPTIONS { uniqueVertices: "path" } COLLECT WITH COUNT INTO n RETURN n`;
      assert.deepEqual(await rows(paths), [6]);
    });
  },

  async a_traversal_feeds_a_write() {
    await withNetwork(async (graph, start) => {
      const stations = root().collection("compat_js_stations");
      const mark = aql`FOR v IN OUTBOUND ${start} GRAPH ${graph.name} UPDATE v WITH { near: true } IN ${stations} RETURN 1`;
      assert.deepEqual(await rows(mark), [1, 1]);
      assert.deepEqual(await rows(aql`FOR s IN ${stations} FILTER s.near SORT s._key RETURN s._key`), ["b", "d"]);
    });
  },
};
