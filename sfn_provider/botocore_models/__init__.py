"""Reads the models of the installed botocore, and spells their names as Step Functions does."""
