"""Calls a running server with grpcio, by reflection alone, as a newcomer would.

Usage: call.py ADDRESS FILE SLOT PROFILE; prints verdict, reasons and measurements as one JSON line.
"""

import json
import sys

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)


def main(address: str, path: str, slot: str, profile: str) -> None:
    channel = grpc.insecure_channel(
        address, options=[("grpc.max_send_message_length", 64 << 20)]
    )
    pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    service = pool.FindServiceByName("scanvet.v1.ValidationService")
    method = service.FindMethodByName("ValidateFile")
    request_type = message_factory.GetMessageClass(method.input_type)
    response_type = message_factory.GetMessageClass(method.output_type)
    with open(path, "rb") as file:
        request = request_type(content=file.read())
    request.file.slot = slot
    request.options.context.profile = profile
    call = channel.unary_unary(
        f"/{service.full_name}/{method.name}",
        request_serializer=request_type.SerializeToString,
        response_deserializer=response_type.FromString,
    )
    result = json_format.MessageToDict(call(request, timeout=30).result)
    print(
        json.dumps(
            {
                "verdict": result["verdict"],
                "reasons": [finding["reason"] for finding in result.get("findings", [])],
                "measurements": [
                    [measured["name"], measured.get("value", 0.0)]
                    for check in result["checks"]
                    for measured in check.get("measurements", [])
                ],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
