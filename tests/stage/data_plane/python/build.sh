# Python packages in a folder of their own, beside the interpreter that they were chosen for.
python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --target "$OUT/site" -r requirements.txt
ln -s "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" "$OUT/python"
