// The cluster under test, as described by environment variables, and clients for it.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// The client is not installed beside these files, but in the folder given as the first argument.
const require = createRequire(path.join(path.resolve(process.argv[2]), "package.json"));
export const { Database, aql } = require("arangojs");

export const ENDPOINTS = process.env.ARANGO_ENDPOINTS.split(",");
export const PASSWORD = process.env.ARANGO_ROOT_PASSWORD;
const CONTROL = process.env.ARANGO_TEST_CONTROL;
export const TOKEN = superuser(process.env.ARANGO_JWT_SECRET);

/** Returns a superuser token, which belongs to no user and has all permissions. */
function superuser(secret) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ iss: "arangodb", server_id: "compat" })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** Returns a database as root, through the given coordinators. */
export function root(url = ENDPOINTS[0], config = {}) {
  return new Database({ url, auth: { username: "root", password: PASSWORD }, ...config });
}

/** Sends a request to the control listener and returns the parsed body. */
export async function control(method, call, body = {}) {
  const options = method === "GET" ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(CONTROL + call, options);
  assert.equal(response.status, 200, `${method} ${call}`);
  return response.json();
}

/** Returns the body of a GET. */
export async function get(call, search) {
  return (await root().route(call).get("", search)).parsedBody;
}

/** Returns the body of a POST. */
export async function post(call, body) {
  return (await root().route(call).post("", body)).parsedBody;
}

/** Asserts that the promise rejects with this HTTP status and error number. */
export async function assertRejected(code, errorNum, promise) {
  await assert.rejects(promise, (error) => {
    assert.deepEqual([error.code, error.errorNum], [code, errorNum], String(error));
    return true;
  });
}

/** Waits until the condition holds. The cluster runs in real time. */
export async function eventually(condition, what) {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await condition()) return;
    await sleep(25);
  }
  assert.fail(`timed out: ${what}`);
}

let collections = 0;

/** Creates a collection, calls `use` with it, and drops it. */
export async function withCollection(options, use) {
  collections += 1;
  const collection = await root().createCollection(`compat_js_${collections}`, options);
  try {
    await use(collection);
  } finally {
    await collection.drop();
  }
}

/** Returns the same collection through another coordinator. */
export function through(index, collection) {
  return root(ENDPOINTS[index]).collection(collection.name);
}

/** Returns the error number of each element of an array's response, or `null` for those that succeeded. */
export function errorNumbers(results) {
  return results.map((result) => result.errorNum ?? null);
}
