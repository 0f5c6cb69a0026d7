#!/bin/sh
# Stand-in for the official image's script of this name: no set-up, only the start.
exec "$@"
