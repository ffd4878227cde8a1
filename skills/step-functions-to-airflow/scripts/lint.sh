#!/bin/sh
# Checks a definition; prints JSON. Usage: lint.sh DEFINITION
set -eu
exec sfn-provider lint --json -- "$1"
