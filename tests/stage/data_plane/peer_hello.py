"""The life of a collection through pymilvus, as its hello_milvus example has it: what `verify` is measured against.

    peer_hello.py URL [ROWS [DIM]]

MILVUS_USER and MILVUS_PASSWORD log in, if set; PEER_TIMEOUT is the limit of every call, in seconds (60).

Writes JSON: seconds of every step, and of all together. Ends with 1 if an answer is wrong.
"""

import json
import os
import sys
import time
import uuid
import warnings

warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402
from pymilvus import Collection, CollectionSchema, DataType, FieldSchema, connections, utility  # noqa: E402

LIMIT = {"timeout": float(os.environ.get("PEER_TIMEOUT", "60"))}


def main(url, rows=3000, dim=8):
    steps = {}

    def step(name, action):
        begin = time.perf_counter()
        result = action()
        steps[name] = round(time.perf_counter() - begin, 4)
        return result

    login = {"user": os.environ["MILVUS_USER"], "password": os.environ["MILVUS_PASSWORD"]} if "MILVUS_USER" in os.environ else {}
    begin = time.perf_counter()
    step("connect", lambda: connections.connect(uri=url, **LIMIT, **login))
    name = f"peer_{uuid.uuid4().hex[:12]}"
    schema = CollectionSchema(
        [
            FieldSchema("pk", DataType.INT64, is_primary=True, auto_id=False),
            FieldSchema("random", DataType.DOUBLE),
            FieldSchema("embeddings", DataType.FLOAT_VECTOR, dim=dim),
        ]
    )
    collection = step("create", lambda: Collection(name, schema, consistency_level="Strong", **LIMIT))
    try:
        run(collection, rows, dim, step)
    finally:
        step("drop", lambda: utility.drop_collection(name, **LIMIT))
    total = round(time.perf_counter() - begin, 4)
    print(json.dumps({"rows": rows, "dim": dim, "steps": steps, "total": total}))


def run(collection, rows, dim, step):
    random = np.random.default_rng(19530)
    scalars, vectors = random.random(rows), random.random((rows, dim)).astype(np.float32)
    step("insert", lambda: collection.insert([list(range(rows)), scalars.tolist(), vectors.tolist()], **LIMIT))
    step("flush", lambda: collection.flush(**LIMIT))
    check("num_entities", collection.num_entities, rows)
    index = {"index_type": "IVF_FLAT", "metric_type": "L2", "params": {"nlist": 128}}
    step("index", lambda: collection.create_index("embeddings", index, **LIMIT))
    step("load", lambda: collection.load(**LIMIT))

    wanted = vectors[-2:].tolist()
    options = {"metric_type": "L2", "params": {"nprobe": 10}}

    def search(expr=None):
        return collection.search(wanted, "embeddings", options, limit=3, expr=expr, output_fields=["random"], **LIMIT)

    hits = step("search", search)
    check("nearest of stored vectors", [answer[0].id for answer in hits], [rows - 2, rows - 1])
    hits = step("filteredSearch", lambda: search("random > 0.5"))
    check("filter of a search", all(hit.entity.get("random") > 0.5 for answer in hits for hit in answer), True)
    found = step("query", lambda: collection.query("random > 0.5", output_fields=["random", "embeddings"], limit=4, **LIMIT))
    check("rows of a query", len(found), 4)
    check("count", count(collection), rows)
    step("delete", lambda: collection.delete("pk in [0, 1]", **LIMIT))
    check("deleted rows", step("queryDeleted", lambda: collection.query("pk in [0, 1]", **LIMIT)), [])
    check("count after delete", count(collection), rows - 2)


def count(collection):
    return collection.query("", output_fields=["count(*)"], **LIMIT)[0]["count(*)"]


def check(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: found {found}, wanted {wanted}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
