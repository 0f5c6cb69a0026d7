"""A quicker start: moto has botocore read the same models several times over."""

from botocore.loaders import JSONFileLoader

_read = JSONFileLoader.load_file
_known = {}


def _load_file(self, file_path):
    if file_path not in _known:
        _known[file_path] = _read(self, file_path)
    return _known[file_path]


JSONFileLoader.load_file = _load_file
