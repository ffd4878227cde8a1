"""The rows of the table, a module for a group of services."""
