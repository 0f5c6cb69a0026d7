"""A Milvus server that lies: forwards every call to a real server, byte for byte, except for the fault that it is told to have.

    fault_proxy.py --listen HOST:PORT --upstream HOST:PORT FAULT

It knows the messages from pymilvus, not from the code under test. Calls pass through a relay of plain connections, so that one
can be reset as a network does it.
"""

import argparse
import asyncio
import socket
import struct
import tempfile
import time

import grpc
from pymilvus.grpc_gen import milvus_pb2 as pb

# Set by gRPC itself on the way out.
OWN_HEADERS = {"user-agent", "content-type", "te"}
SEARCHES = {"Search", "HybridSearch"}


class Relay:
    """Plain connections in front of the gRPC server."""

    def __init__(self, inner):
        self.inner = inner
        self.open = set()

    async def accept(self, reader, writer):
        inner_reader, inner_writer = await asyncio.open_unix_connection(self.inner)
        self.open.add(writer)
        try:
            await asyncio.gather(self.pump(reader, inner_writer), self.pump(inner_reader, writer))
        except OSError:
            pass
        finally:
            self.open.discard(writer)
            inner_writer.close()
            writer.close()

    @staticmethod
    async def pump(reader, writer):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    def reset(self):
        """Every open connection, as when a load balancer forgets them."""
        for writer in list(self.open):
            # Closing without lingering is what sends RST.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Call:
    """One call on its way through: to forward it, and to ask the real server more."""

    def __init__(self, channel, context):
        self.channel = channel
        self.metadata = tuple((k, v) for k, v in context.invocation_metadata() if k not in OWN_HEADERS)
        # A client without a deadline is not given one.
        self.timeout = context.time_remaining()

    async def forward(self, method, request):
        return await self.channel.unary_unary(method)(request, metadata=self.metadata, timeout=self.timeout)


class Proxy(grpc.GenericRpcHandler):
    def __init__(self, channel, fault, relay):
        self.channel = channel
        self.fault = fault
        self.relay = relay

    def service(self, details):
        path = details.method

        async def handle(request, context):
            call = Call(self.channel, context)
            try:
                return await self.answer(call, path, request)
            except grpc.aio.AioRpcError as error:
                await context.abort(error.code(), error.details(), error.trailing_metadata() or ())

        return grpc.unary_unary_rpc_method_handler(handle)

    async def answer(self, call, path, request):
        method = path.rsplit("/", 1)[-1]
        fault = self.fault
        if fault.hang == method:
            # Ends when the client gives up.
            await asyncio.Event().wait()
        if fault.keep_deleted and method == "Delete":
            return await pretend_to_delete(call, path, request)
        if fault.miss_nearest and method == "Search":
            return await search_without_nearest(call, path, request)
        response = await call.forward(path, request)
        if fault.drop_after == method:
            self.relay.reset()
        if fault.wrong_neighbours and method in SEARCHES:
            return with_other_ids(response)
        if fault.wrong_count and method == "Query":
            return with_one_row_less(request, response)
        return response


def with_other_ids(response):
    """The right distances at the wrong rows: every query's ids in reverse."""
    message = pb.SearchResults.FromString(response)
    results = message.results
    start = 0
    ids = ids_of(results)
    for count in results.topks:
        ids[start : start + count] = list(reversed(ids[start : start + count]))
        start += count
    return message.SerializeToString()


async def search_without_nearest(call, path, request):
    """One hit more is asked for, and each query's first is dropped: all that is answered is true, and the best is missing."""
    message = pb.SearchRequest.FromString(request)
    for pair in message.search_params:
        if pair.key == "topk":
            pair.value = str(int(pair.value) + 1)
    answer = pb.SearchResults.FromString(await call.forward(path, message.SerializeToString()))
    results = answer.results
    kept, start = [], 0
    for count in results.topks:
        kept += range(start + 1, start + count)
        start += count
    for values in (results.scores, ids_of(results)):
        values[:] = [values[row] for row in kept]
    for field in results.fields_data:
        keep_field(field, kept, start)
    results.topks[:] = [max(count - 1, 0) for count in results.topks]
    results.top_k -= 1
    return answer.SerializeToString()


def ids_of(results):
    # Touching the other kind would change the message to it. An answer without hits has neither.
    kind = results.ids.WhichOneof("id_field")
    return getattr(results.ids, kind).data if kind else []


def keep_field(field, rows, total):
    if field.HasField("scalars"):
        scalars = getattr(field.scalars, field.scalars.WhichOneof("data"))
        chosen = [scalars.data[row] for row in rows]
        del scalars.data[:]
        scalars.data.extend(chosen)
    elif field.vectors.WhichOneof("data") == "float_vector":
        data, dim = field.vectors.float_vector.data, field.vectors.dim
        if len(data) == total * dim:
            data[:] = [x for row in rows for x in data[row * dim : (row + 1) * dim]]


def with_one_row_less(request, response):
    if list(pb.QueryRequest.FromString(request).output_fields) != ["count(*)"]:
        return response
    message = pb.QueryResults.FromString(response)
    counts = message.fields_data[0].scalars.long_data.data
    counts[0] = max(counts[0] - 1, 0)
    return message.SerializeToString()


async def pretend_to_delete(call, path, request):
    """Says how many rows it deleted, and deletes none."""
    delete = pb.DeleteRequest.FromString(request)
    query = pb.QueryRequest(
        db_name=delete.db_name, collection_name=delete.collection_name, expr=delete.expr, output_fields=["count(*)"]
    )
    found = pb.QueryResults.FromString(await call.forward(path.replace("Delete", "Query"), query.SerializeToString()))
    if found.status.error_code or found.status.code:
        return pb.MutationResult(status=found.status).SerializeToString()
    count = found.fields_data[0].scalars.long_data.data[0]
    # Milvus' timestamps: milliseconds, and 18 bits for order within one.
    now = int(time.time() * 1000) << 18
    return pb.MutationResult(acknowledged=True, delete_cnt=count, timestamp=now).SerializeToString()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listen", required=True, metavar="HOST:PORT")
    parser.add_argument("--upstream", required=True, metavar="HOST:PORT")
    faults = parser.add_mutually_exclusive_group()
    faults.add_argument("--wrong-neighbours", action="store_true", help="search answers have each query's ids in reverse")
    faults.add_argument("--miss-nearest", action="store_true", help="search answers lack each query's nearest row")
    faults.add_argument("--wrong-count", action="store_true", help="count(*) is one too low")
    faults.add_argument("--keep-deleted", action="store_true", help="Delete succeeds and deletes nothing")
    faults.add_argument("--hang", metavar="METHOD", help="calls of this method are never answered")
    faults.add_argument("--drop-after", metavar="METHOD", help="connections are reset once the server has done this method")
    return parser.parse_args()


async def main():
    options = arguments()
    # Large inserts and answers pass as the real server lets them.
    limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    host, port = options.listen.rsplit(":", 1)
    with tempfile.TemporaryDirectory() as folder:
        inner = f"{folder}/inner.sock"
        relay = Relay(inner)
        async with grpc.aio.insecure_channel(options.upstream, options=limits) as channel:
            server = grpc.aio.server(handlers=[Proxy(channel, options, relay)], options=limits)
            server.add_insecure_port(f"unix:{inner}")
            await server.start()
            listener = await asyncio.start_server(relay.accept, host, int(port))
            async with listener:
                await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
