"""Reads Terraform folders: state machines, their definitions, and the schedules that start them."""
