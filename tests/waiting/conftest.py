from __future__ import annotations

from tests.integrations.conftest import models_read_once

__all__ = ["models_read_once"]
