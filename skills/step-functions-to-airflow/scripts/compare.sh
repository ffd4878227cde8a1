#!/bin/sh
# Compares any DAG with a definition in made cases, and writes a report. Usage: compare.sh DEFINITION DAG.py REPORT.html
set -eu
exec sfn-provider compare --dag-file="$2" --html="$3" -- "$1"
