#!/bin/sh
# The stage's own text for that of the image that Attu's is made from.
exec "$@"
