# The Milvus server out of its Python wheel: the binary and its libraries, and a milvus.yaml with the wheel's defaults.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: -d wheel "milvus==$VERSION"
python3 - <<'PYTHON'
import glob, lzma, os, re, shutil, zipfile

out = os.environ["OUT"]
(wheel,) = glob.glob("wheel/*.whl")
zipfile.ZipFile(wheel).extractall("unpacked")
data = "unpacked/milvus/data"
os.makedirs(f"{out}/bin")
os.makedirs(f"{out}/configs")
for packed in glob.glob(f"{data}/bin/*.lzma"):
    path = f"{out}/bin/{os.path.basename(packed)[:-5]}"
    with lzma.open(packed) as source, open(path, "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    os.chmod(path, 0o755)

home = "/var/lib/milvus"
paths = {
    "etcd_data_dir": f"{home}/etcd",
    "local_storage_dir": f"{home}/data",
    "rocksmq_data_dir": f"{home}/rdb_data",
    "system_log_path": '""',
    "etcd_log_path": "stdout",
}


def value(match):
    """{{key(type): default}} becomes the default, or the path that the official image uses."""
    key, _, default = match.group(1).partition(":")
    return paths.get(re.sub(r"\(.*", "", key).strip(), default.strip())


text = open(f"{data}/config.yaml.template").read()
with open(f"{out}/configs/milvus.yaml", "w") as target:
    target.write(re.sub(r"\{\{(.*?)\}\}", value, text))
shutil.copy(f"{data}/glog.conf", f"{out}/configs/")
PYTHON
