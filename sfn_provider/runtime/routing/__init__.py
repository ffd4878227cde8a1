"""Routing: which task of a translated DAG runs next, and what it is handed."""
