"""Reads EventBridge's messages on status changes from SQS queues."""
