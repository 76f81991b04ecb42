"""The messages and stubs generated from proto/scanvet/v1/scanvet.proto; see generate.py."""
