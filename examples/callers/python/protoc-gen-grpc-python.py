"""The generator of gRPC stubs that grpcio-tools has inside its protoc, as a plugin that buf can run."""

import pathlib
import sys
import tempfile

from google.protobuf.compiler import plugin_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
response = plugin_pb2.CodeGeneratorResponse(
    supported_features=plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
)
with tempfile.TemporaryDirectory() as folder:
    descriptors = pathlib.Path(folder, "descriptors.binpb")
    descriptors.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
    out = pathlib.Path(folder, "out")
    out.mkdir()
    code = protoc.main(
        ["protoc", f"--descriptor_set_in={descriptors}", f"--grpc_python_out={out}"]
        + list(request.file_to_generate)
    )
    if code != 0:
        sys.exit(code)
    for file in sorted(out.rglob("*.py")):
        name = file.relative_to(out).as_posix()
        response.file.add(name=name, content=file.read_text())
sys.stdout.buffer.write(response.SerializeToString())
