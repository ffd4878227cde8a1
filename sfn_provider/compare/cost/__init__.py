"""Estimates what a pipeline costs a month on Step Functions and as a DAG on Amazon MWAA."""
