"""Makes the files to create a workflow of Amazon MWAA Serverless from."""
