"""Ray Data: a service judges the files that a manifest (CSV with item_id, uri, slot) names.

ray_data.py ADDRESS MANIFEST.csv OUT    needs ray[data], grpcio, grpcio-reflection, protobuf
"""

import sys

import grpc
import ray
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha import proto_reflection_descriptor_database as reflection


class Validate:
    def __init__(self, address):
        most = [("grpc.max_send_message_length", 64 << 20)]
        channel = grpc.insecure_channel(address, options=most)
        pool = descriptor_pool.DescriptorPool(reflection.ProtoReflectionDescriptorDatabase(channel))
        method = pool.FindMethodByName("scanvet.v1.ValidationService.ValidateFile")
        self.request = message_factory.GetMessageClass(method.input_type)
        response = message_factory.GetMessageClass(method.output_type)
        self.call = channel.unary_unary("/scanvet.v1.ValidationService/ValidateFile",
                                        self.request.SerializeToString, response.FromString)

    def __call__(self, row):
        with open(row["uri"], "rb") as file:
            request = self.request(content=file.read())
        request.file.slot = row["slot"]
        result = self.call(request, timeout=30).result
        verdict = result.DESCRIPTOR.fields_by_name["verdict"].enum_type.values_by_number
        reasons = [finding.reason for finding in result.findings]
        return {"item_id": row["item_id"], "verdict": verdict[result.verdict].name, "reasons": reasons}


if __name__ == "__main__":
    address, manifest, out = sys.argv[1:]
    judged = ray.data.read_csv(manifest).map(Validate, fn_constructor_args=[address], concurrency=(1, 8))
    judged.write_parquet(out)
