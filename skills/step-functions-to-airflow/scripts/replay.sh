#!/bin/sh
# Replays recorded executions with a DAG. Usage: replay.sh DEFINITION DAG.py HISTORY.json...
set -eu
definition=$1
dag=$2
shift 2
exec sfn-provider replay --definition="$definition" --dag-file="$dag" -- "$@"
