"""Write the bytes of an example of every new event to `proto/golden/`: `python -m tools.write_golden`.

What is there stays as it is: later versions of the contracts must read the bytes of the first one.
"""

import importlib
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "proto" / "golden"


def example(event: type[Message]) -> Message:
    """An event with something in every field; the same on every day."""
    descriptor: Any = event.DESCRIPTOR
    return _filled(descriptor, depth=3)


def _filled(descriptor: Descriptor, depth: int) -> Message:
    message: Any = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if field.message_type and depth == 0:
            continue
        value = _value(field, depth)
        if field.is_repeated:
            if field.message_type and field.message_type.GetOptions().map_entry:
                continue
            getattr(message, field.name).append(value)
        elif field.message_type:
            getattr(message, field.name).CopyFrom(value)
        else:
            setattr(message, field.name, value)
    return message  # type: ignore[no-any-return]


def _value(field: FieldDescriptor, depth: int) -> Any:
    if field.message_type:
        return _filled(field.message_type, depth - 1)
    if field.enum_type:
        return field.enum_type.values[min(1, len(field.enum_type.values) - 1)].number
    by_kind = {FieldDescriptor.CPPTYPE_STRING: field.name, FieldDescriptor.CPPTYPE_BOOL: True}
    if field.type == FieldDescriptor.TYPE_BYTES:
        return field.name.encode()
    return by_kind.get(field.cpp_type, 1_000 + field.number)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for contract in sorted(ROOT.glob("proto/*/v1/events.proto")):
        module = importlib.import_module(f"proto.{contract.parts[-3]}.v1.events_pb2")
        for name, descriptor in module.DESCRIPTOR.message_types_by_name.items():
            path = GOLDEN / f"{descriptor.full_name}.bin"
            if not path.exists():
                path.write_bytes(example(GetMessageClass(descriptor)).SerializeToString(deterministic=True))
                print(name)
