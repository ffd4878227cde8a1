"""``python -m sfn_provider.cli``."""

from sfn_provider.cli import main

main()
