#!/bin/bash
# The stage's own text for the official image's script of this name: a file of the web page is made anew from the environment.
rm -rf ./build/env-config.js
touch ./build/env-config.js
echo "window._env_ = {" >>./build/env-config.js
while read -r line || [ -n "$line" ]; do
  name=${line%%=*}
  eval "value=\${$name:-}"
  echo "  $name: \"${value:-${line#*=}}\"," >>./build/env-config.js
done <./build/.env
echo "}" >>./build/env-config.js
