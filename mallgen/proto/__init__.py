"""Protos, from the file to a ProtoContract."""
