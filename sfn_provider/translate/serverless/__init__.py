"""Translates machines into workflows of Amazon MWAA Serverless: YAML of amazon operators, or of our operator."""
