"""What a state machine costs in a month on Step Functions and as a DAG on Amazon MWAA."""

from sfn_provider.compare.cost.estimate import CostEstimate, estimate
from sfn_provider.compare.cost.prices import Prices, load_prices
from sfn_provider.compare.cost.usage import Usage

__all__ = ["CostEstimate", "Prices", "Usage", "estimate", "load_prices"]
