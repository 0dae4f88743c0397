"""What protoc wrote stands as it would write it now, and speaks the wire that was published."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from tests.house.tree import ROOT

PROTO: Final = Path("sources/salesforce/pubsub/eventbus.proto")


def protoc(root: Path, proto: str, *outputs: str) -> None:
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{root}", *outputs, proto]
    subprocess.run(command, check=True, cwd=root, timeout=60)


def described(root: Path, proto: str, into: Path) -> FileDescriptorProto:
    protoc(root, proto, f"--descriptor_set_out={into}")
    (file,) = FileDescriptorSet.FromString(into.read_bytes()).file
    return file


def wire(file: FileDescriptorProto) -> set[tuple[str, ...]]:
    """Every name, number and type that counts on the wire."""
    told: set[tuple[str, ...]] = {("package", file.package)}
    for message in file.message_type:
        for field in message.field:
            told.add((message.name, field.name, str(field.number), str(field.type), field.type_name, str(field.label)))
    for enum in file.enum_type:
        told |= {(enum.name, value.name, str(value.number)) for value in enum.value}
    for service in file.service:
        for method in service.method:
            streams = f"{method.client_streaming} {method.server_streaming}"
            told.add((service.name, method.name, method.input_type, method.output_type, streams))
    return told


def test_generating_again_gives_the_same_bytes(tmp_path: Path) -> None:
    outputs = [f"--{kind}_out={tmp_path}" for kind in ("python", "pyi", "grpc_python")]

    protoc(ROOT, str(PROTO), *outputs)

    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*_pb2*"))
    assert [path.name for path in made] == ["eventbus_pb2.py", "eventbus_pb2.pyi", "eventbus_pb2_grpc.py"]
    assert [path for path in made if (tmp_path / path).read_bytes() != (ROOT / path).read_bytes()] == []


@pytest.mark.contracts
def test_our_proto_means_what_was_published(tmp_path: Path) -> None:
    contracts = os.environ.get("REVGRAPH_CONTRACTS")
    if not contracts:
        pytest.skip("REVGRAPH_CONTRACTS names no folder of published contracts")

    ours = described(ROOT, str(PROTO), tmp_path / "ours")
    published = described(Path(contracts) / "salesforce", "pubsub_api.proto", tmp_path / "published")

    assert wire(ours) == wire(published)
