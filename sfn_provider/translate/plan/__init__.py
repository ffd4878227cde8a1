"""Describes a DAG as a plan: data model, graph of states, names, layout and schedule."""
