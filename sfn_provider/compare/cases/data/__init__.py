"""The data of made cases: inputs, results of tasks, objects in S3."""
