"""Amazon MWAA: what its images have, and the files to upload for them."""
