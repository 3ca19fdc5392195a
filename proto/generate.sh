#!/bin/sh
# Generate the Python of all contracts beside their .proto; committed, and checked for drift by `make check`.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
files=$(find proto -name '*.proto' | sort)
$bin/python -m grpc_tools.protoc -I. --plugin=protoc-gen-mypy=$bin/protoc-gen-mypy \
  --plugin=protoc-gen-mypy_grpc=$bin/protoc-gen-mypy_grpc \
  --python_out=. --mypy_out=quiet:. --grpc_python_out=. --mypy_grpc_out=quiet:. $files
# Only a contract with a service has stubs.
find proto -name 'events_pb2_grpc.py' -delete
find proto -name 'common_pb2_grpc.py' -delete
find proto -name 'events_pb2_grpc.pyi' -delete
find proto -name 'common_pb2_grpc.pyi' -delete
