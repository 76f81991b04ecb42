"""Daft: a service judges the files that a manifest (CSV with item_id, uri, slot) names.

daft_udf.py ADDRESS MANIFEST.csv OUT    needs daft, grpcio, grpcio-reflection, protobuf
"""

import sys

import daft
import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha import proto_reflection_descriptor_database as reflection


@daft.udf(return_dtype=daft.DataType.string(), concurrency=2)
class Validate:
    def __init__(self, address=sys.argv[1]):
        channel = grpc.insecure_channel(address, options=[("grpc.max_send_message_length", 64 << 20)])
        pool = descriptor_pool.DescriptorPool(reflection.ProtoReflectionDescriptorDatabase(channel))
        method = pool.FindMethodByName("scanvet.v1.ValidationService.ValidateFile")
        self.ask = message_factory.GetMessageClass(method.input_type)
        answer = message_factory.GetMessageClass(method.output_type)
        self.call = channel.unary_unary("/scanvet.v1.ValidationService/ValidateFile",
                                        self.ask.SerializeToString, answer.FromString)

    def __call__(self, contents, slots):
        return [self.verdict(*row) for row in zip(contents.to_pylist(), slots.to_pylist())]

    def verdict(self, content, slot):
        result = self.call(self.ask(content=content, file={"slot": slot}), timeout=30).result
        verdict = result.DESCRIPTOR.fields_by_name["verdict"].enum_type.values_by_number
        return verdict[result.verdict].name


if __name__ == "__main__":
    rows = daft.read_csv(sys.argv[2])
    judged = rows.with_column("verdict", Validate(daft.col("uri").download(), daft.col("slot")))
    judged.select("item_id", "verdict").write_parquet(sys.argv[3])
