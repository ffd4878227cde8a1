"""Makes the data of a report: cases, costs, times, diffs."""
