"""Catches the calls of a DAG below boto3 and aiobotocore, and answers them."""
