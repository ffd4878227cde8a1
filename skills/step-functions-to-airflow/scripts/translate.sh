#!/bin/sh
# Writes a DAG file, and prints what differs in Airflow. Usage: translate.sh DEFINITION DAG.py [exact|native]
set -eu
exec sfn-provider translate --report --style="${3:-exact}" --output="$2" -- "$1"
