// Tests the embedded cluster with arangojs: `cargo xtask compat arangojs`.
//
// The last line is `N checks, M failed`; the exit code is 0 if M is 0. The checks test the cluster, not the client.

import administration from "./arangojs/administration.mjs";
import aql from "./arangojs/aql.mjs";
import { run } from "./arangojs/check_runner.mjs";
import collections from "./arangojs/collections.mjs";
import cursors from "./arangojs/cursors.mjs";
import databases from "./arangojs/databases.mjs";
import document_arrays from "./arangojs/document_arrays.mjs";
import documents from "./arangojs/documents.mjs";
import graph_elements from "./arangojs/graph_elements.mjs";
import graphs from "./arangojs/graphs.mjs";
import imports from "./arangojs/imports.mjs";
import indexes from "./arangojs/indexes.mjs";
import not_simulated from "./arangojs/not_simulated.mjs";
import query_tracking from "./arangojs/query_tracking.mjs";
import transactions from "./arangojs/transactions.mjs";
import traversals from "./arangojs/traversals.mjs";
import search from "./arangojs/search.mjs";
import settings from "./arangojs/settings.mjs";

// Administration comes last, because it moves shards and restarts coordinators.
const parts = [
  databases,
  collections,
  indexes,
  documents,
  document_arrays,
  imports,
  graphs,
  graph_elements,
  search,
  settings,
  aql,
  traversals,
  cursors,
  transactions,
  query_tracking,
  not_simulated,
  administration,
];

const failed = await run(parts.flatMap((part) => Object.entries(part)));
process.exit(failed === 0 ? 0 : 1);
