"""The rules behind `sfn_provider.asl.lint`, one module for each subject; `rules` has the table of all."""
