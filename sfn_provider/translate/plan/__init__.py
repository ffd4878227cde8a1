"""The plan of a DAG: its data model, the graph of states, names, layout and schedule."""
