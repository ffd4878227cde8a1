"""Makes test cases of a state machine that reach everything in it.

::

    traced_values, sample_values   values that know where they come from; plausible ones
    search_budget                  bounds the work of the search
    task_results                   results of tasks, by the models of AWS's services
    goals                          what the cases should reach
    error_samples, choice_solver   errors and values that lead somewhere
    steering                       where an execution goes next
    case_data, data_filling        a case while it is made
    item_objects                   what ItemReaders read
    steered_run                    one execution that makes its case
    search                         all cases of a machine
    case_names, configuration      their names, and the file

Imports point from the end of this list to its start.
"""
