"""Bulk insert through pymilvus: what our own insert is measured against.

    peer_insert.py URL [ROWS [DIM [BATCH]]]

Writes JSON. Making the vectors and flushing are not part of the measured time.
"""

import json
import sys
import time
import uuid
import warnings

warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402
from pymilvus import Collection, CollectionSchema, DataType, FieldSchema, connections, utility  # noqa: E402


def main(url, rows=100_000, dim=128, batch=10_000):
    connections.connect(uri=url, timeout=10)
    name = f"peer_{uuid.uuid4().hex[:12]}"
    schema = CollectionSchema(
        [FieldSchema("pk", DataType.INT64, is_primary=True), FieldSchema("vector", DataType.FLOAT_VECTOR, dim=dim)]
    )
    collection = Collection(name, schema, timeout=20)
    try:
        vectors = np.random.default_rng(1).random((rows, dim), dtype=np.float32)
        # An array per row is the fastest form that this client takes.
        batches = [
            [list(range(start, min(start + batch, rows))), list(vectors[start : start + batch])]
            for start in range(0, rows, batch)
        ]
        begin = time.perf_counter()
        stored = sum(collection.insert(columns).insert_count for columns in batches)
        seconds = time.perf_counter() - begin
        if stored != rows:
            sys.exit(f"stored {stored} of {rows} rows")
    finally:
        utility.drop_collection(name)
    result = {"rows": rows, "dim": dim, "batch": batch, "seconds": round(seconds, 3), "rowsPerSecond": round(rows / seconds)}
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
