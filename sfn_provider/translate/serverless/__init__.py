"""Translates machines into workflows of Amazon MWAA Serverless: YAML, by operators or by own code."""
