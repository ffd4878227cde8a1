"""Makes the files to upload to Amazon MWAA, for the versions of its images."""
