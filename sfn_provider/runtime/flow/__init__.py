"""Reads the flow of a DAG's states, and checks that arguments and edges agree.

A DAG file states the flow twice. The arguments name states, because a rule of a Choice and a catcher each lead to one
of their own, which no edge can say. The edges are there because that is how a DAG is read, and how tasks are put
between states; edges made from the arguments would be in no file, and missing wherever a DAG is used before they were
made. So both stay, and are compared when Airflow imports the DAG: ``DagBag.bag_dag`` calls ``resolve_template_files``
of each task of a finished DAG, on all versions, in the DAG processor, in workers and in ``airflow dags test``.
"""
