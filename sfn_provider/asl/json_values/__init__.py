"""JSON values: their checks, sizes and walks, and how Java prints and orders them."""
