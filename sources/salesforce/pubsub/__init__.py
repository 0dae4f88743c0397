"""The event bus's published service in protobuf, and the Python that protoc makes of it.

After a change: `python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. <the .proto's path>`.
"""
