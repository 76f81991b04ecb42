"""Spark: a service judges the files that a manifest (CSV with item_id, uri, slot) names.

spark.py ADDRESS MANIFEST.csv OUT    needs pyspark, pandas, pyarrow, grpcio-reflection, protobuf
"""

import sys

import grpc
import pandas
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha import proto_reflection_descriptor_database as reflection
from pyspark.sql import SparkSession

address, manifest, out = sys.argv[1:]


def validate(frames):
    channel = grpc.insecure_channel(address, options=[("grpc.max_send_message_length", 64 << 20)])
    pool = descriptor_pool.DescriptorPool(reflection.ProtoReflectionDescriptorDatabase(channel))
    method = pool.FindMethodByName("scanvet.v1.ValidationService.ValidateFile")
    ask = message_factory.GetMessageClass(method.input_type)
    answer = message_factory.GetMessageClass(method.output_type)
    call = channel.unary_unary("/scanvet.v1.ValidationService/ValidateFile",
                               ask.SerializeToString, answer.FromString)
    for frame in frames:
        rows = []
        for row in frame.itertuples():
            with open(row.uri, "rb") as file:
                request = ask(content=file.read(), file={"slot": row.slot})
            result = call(request, timeout=30).result
            verdict = result.DESCRIPTOR.fields_by_name["verdict"].enum_type.values_by_number
            reasons = [finding.reason for finding in result.findings]
            rows.append((row.item_id, verdict[result.verdict].name, reasons))
        yield pandas.DataFrame(rows, columns=["item_id", "verdict", "reasons"])


rows = SparkSession.builder.getOrCreate().read.option("header", True).csv(manifest)
judged = rows.mapInPandas(validate, "item_id string, verdict string, reasons array<string>")
judged.write.parquet(out)
