"""Matches errors against Retry and Catch, and makes what follows from them."""
