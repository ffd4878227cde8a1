"""Turns states into tasks: operators, TaskFlow functions, branches and sensors."""
