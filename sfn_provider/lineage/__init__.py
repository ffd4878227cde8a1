"""Traces and lineage of executions: OpenTelemetry spans and OpenLineage facets, made from histories."""
