"""Reads the items of a distributed Map from objects in S3, in chunks."""
