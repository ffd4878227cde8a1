"""The lint rules behind `sfn_provider.asl.lint`, a module for each subject; `rules` lists all."""
