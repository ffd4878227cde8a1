"""Reads objects in S3 for distributed Maps, Parquet among them."""
