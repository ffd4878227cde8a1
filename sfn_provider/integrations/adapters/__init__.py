"""Adapters for integrations that no boto3 client can call: API Gateway, HTTP tasks, Kubernetes."""
