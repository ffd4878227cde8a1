"""The strategies by which the task runner runs the kinds of tasks of a translated DAG."""
