"""The plan of a DAG: its model, the passes over it, names, layout and schedule."""
