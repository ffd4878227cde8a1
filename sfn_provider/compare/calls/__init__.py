"""Compares the calls that AWS sees of a state machine and of any DAG.

::

    api_calls          a call of AWS as data; which operations only read
    call_places        where a call stands in an execution, and what comes before it
    machine_calls      the calls that an execution of the machine makes, by the engine
    parameter_rules    differences of parameters that a rule explains, as a table
    member_differences where two parameters differ
    parameters         two calls' parameters, member by member
    responses          answers in the shape of the API, from mocks and service models
    jobs               started jobs, and what describes them
    call_script        answers the DAG's calls from the case
    call_origins       calls of the DAG's author, and those that operators make by themselves
    interception       calls of boto3 and aiobotocore, caught below hooks and operators
    isolation          connections and processes that are refused meanwhile
    matching           which call of the DAG is which call of the machine
    uncaught_errors    cases in which tasks fail by errors that nothing takes
    findings           what differs, in sentences

Imports point from the end of this list to its start. `sfn_provider.compare.dag_comparison` runs both sides.
"""
