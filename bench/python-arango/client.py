"""python-arango: one thread, basic authentication. A cursor is read batch by batch."""

import json
import resource
import sys
import time

from arango import ArangoClient

KEY = "01kb6c8v2n7xq4m9t0r5w3hzye"
BATCH_ROWS = 1000


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_kib():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except OSError:
        return None


def main():
    url, scenario, units = sys.argv[1], sys.argv[2], int(sys.argv[3])
    database = ArangoClient(hosts=url).db("bench", username="root", password="passwd")
    books = database.collection("books")
    book = {name: value for name, value in books.get(KEY).items() if not name.startswith("_")}

    def insert(calls):
        return sum(len(books.insert(book)["_key"]) for _ in range(calls))

    def get(calls):
        return sum(books.get(KEY)["pages"] for _ in range(calls))

    def rows(count):
        query = "FOR b IN books LIMIT @rows RETURN b"
        cursor = database.aql.execute(query, bind_vars={"rows": count}, batch_size=BATCH_ROWS)
        return sum(row["pages"] for row in cursor)

    def bulk(count):
        # With the result of each document, as the others have it.
        return sum(len(books.insert_many(many)) for _ in range(count // BATCH_ROWS))

    def load(count):
        # Counts only.
        return sum(books.import_bulk(many)["created"] for _ in range(count // BATCH_ROWS))

    many = [dict(book) for _ in range(BATCH_ROWS)]
    work = {"insert": insert, "get": get, "rows": rows, "bulk": bulk, "import": load}[scenario]
    work(200 if scenario in ("insert", "get") else 10 * BATCH_ROWS)
    started_at, cpu_before = time.perf_counter(), cpu_seconds()
    total = work(units)
    cpu, seconds = cpu_seconds() - cpu_before, time.perf_counter() - started_at
    print(json.dumps({"cpu": cpu, "seconds": seconds, "peakKib": peak_kib(), "sum": total}))


main()
