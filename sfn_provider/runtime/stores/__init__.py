"""Stores what tasks keep for their next try, or too large for an XCom."""
