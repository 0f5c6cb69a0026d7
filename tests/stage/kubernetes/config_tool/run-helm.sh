#!/bin/sh
# Stand-in for the official image's script of this name: the chart's two files are laid over the image's own, in this order.
set -e
for file in default user; do
  /milvus/tools/merge -s "/milvus/configs/$file.yaml" -d /milvus/configs/milvus.yaml
done
exec "$@"
