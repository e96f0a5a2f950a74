// arangojs: basic authentication. A cursor is read batch by batch.
import { readFileSync } from "node:fs";
import { Database } from "arangojs";

const KEY = "01kb6c8v2n7xq4m9t0r5w3hzye";
const BATCH_ROWS = 1000;

const [url, scenario, units] = process.argv.slice(2);
const database = new Database({ url, databaseName: "bench", auth: { username: "root", password: "passwd" } });
const books = database.collection("books");
const { _key, _id, _rev, ...book } = await books.document(KEY);

const many = Array.from({ length: BATCH_ROWS }, () => ({ ...book }));

const cpuSeconds = () => {
  const usage = process.cpuUsage();
  return (usage.user + usage.system) / 1e6;
};

const peakKib = () => {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  } catch {
    return null;
  }
};

const work = {
  async insert(calls) {
    let sum = 0;
    for (let call = 0; call < calls; call++) sum += (await books.save(book))._key.length;
    return sum;
  },
  async get(calls) {
    let sum = 0;
    for (let call = 0; call < calls; call++) sum += (await books.document(KEY)).pages;
    return sum;
  },
  async rows(rows) {
    const query = "FOR b IN books LIMIT @rows RETURN b";
    const cursor = await database.query(query, { rows }, { batchSize: BATCH_ROWS });
    let sum = 0;
    for await (const row of cursor) sum += row.pages;
    return sum;
  },
  // With the result of each document, as the others have it.
  async bulk(documents) {
    let sum = 0;
    for (let done = 0; done < documents; done += BATCH_ROWS) sum += (await books.saveAll(many)).length;
    return sum;
  },
  // Counts only.
  async import(documents) {
    let sum = 0;
    for (let done = 0; done < documents; done += BATCH_ROWS) sum += (await books.import(many)).created;
    return sum;
  },
}[scenario];

await work(scenario === "insert" || scenario === "get" ? 200 : 10 * BATCH_ROWS);
const startedAt = performance.now();
const cpuBefore = cpuSeconds();
const sum = await work(Number(units));
const cpu = cpuSeconds() - cpuBefore;
const seconds = (performance.now() - startedAt) / 1000;
console.log(JSON.stringify({ cpu, seconds, peakKib: peakKib(), sum }));
process.exit(0);
