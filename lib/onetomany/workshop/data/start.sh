#!/bin/sh
cd "$(dirname "$0")"
exec .venv/bin/onetomany lab --notebooks notebooks "$@"
