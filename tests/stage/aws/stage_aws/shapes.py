"""AWS's service model as a judge: what comes in is parsed by it, what goes out is written by it, and both are checked."""

import base64
import binascii
import datetime
import functools
import re

SCALARS = {"string": str, "boolean": bool, "integer": int, "long": int, "double": (int, float), "float": (int, float)}


@functools.cache
def _pattern(text):
    try:
        return re.compile(text)
    except re.error:  # a few patterns are written for other engines
        return re.compile("")


def _limits(shape, value, path, problems):
    """Length, value, pattern and enum of a string, number, list or map."""
    meta = shape.metadata
    size = value if isinstance(value, (int, float)) else len(value)
    if not isinstance(value, bool):
        if "min" in meta and size < meta["min"]:
            problems.append(f"{path}: {size} is less than {meta['min']}")
        if "max" in meta and size > meta["max"]:
            problems.append(f"{path}: {size} is more than {meta['max']}")
    if isinstance(value, str):
        if "pattern" in meta and not _pattern(meta["pattern"]).search(value):
            problems.append(f"{path}: {value!r} does not match {meta['pattern']}")
        if getattr(shape, "enum", None) and value not in shape.enum:
            problems.append(f"{path}: {value!r} is none of {shape.enum}")


def wire_name(name, shape):
    return shape.serialization.get("name", name)


def parse(shape, wire, path, problems):
    """What came over the wire, with the model's names."""
    kind = shape.type_name
    if wire is None:
        return None
    if kind == "structure":
        return _parse_structure(shape, wire, path, problems)
    if kind == "list":
        if not isinstance(wire, list):
            problems.append(f"{path}: is no list")
            return []
        _limits(shape, wire, path, problems)
        return [parse(shape.member, item, f"{path}[{index}]", problems) for index, item in enumerate(wire)]
    if kind == "map":
        if not isinstance(wire, dict):
            problems.append(f"{path}: is no map")
            return {}
        _limits(shape, wire, path, problems)
        for key in wire:
            _limits(shape.key, key, f"{path} key", problems)
        return {key: parse(shape.value, item, f"{path}.{key}", problems) for key, item in wire.items()}
    return _parse_scalar(shape, wire, path, problems)


def _parse_structure(shape, wire, path, problems):
    if not isinstance(wire, dict):
        problems.append(f"{path}: is no structure")
        return {}
    names = {wire_name(name, member): (name, member) for name, member in shape.members.items()}
    found = {}
    for key, value in wire.items():
        if key not in names:
            problems.append(f"{path}.{key}: is not in the model")
        elif value is not None:
            name, member = names[key]
            found[name] = parse(member, value, f"{path}.{key}", problems)
    for name in shape.required_members:
        if name not in found:
            problems.append(f"{path}.{name}: is required")
    return found


def _parse_scalar(shape, wire, path, problems):
    kind = shape.type_name
    if kind == "blob":
        try:
            return base64.b64decode(wire, validate=True)
        except (binascii.Error, TypeError, ValueError):
            problems.append(f"{path}: is not base64")
            return b""
    if kind == "timestamp":
        return wire
    expected = SCALARS[kind]
    if not isinstance(wire, expected) or (isinstance(wire, bool) and expected is not bool):
        problems.append(f"{path}: {wire!r} is no {kind}")
        return wire
    _limits(shape, wire, path, problems)
    return wire


def from_text(shape, text):
    """A value out of a path or query, as JSON would have it; None if it is none of that type."""
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            return int(text)
    except ValueError:
        return text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def write(shape, value, path, problems):
    """Our answer as it goes over the wire."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            problems.append(f"{path}: is no structure but {value!r}")
            return {}
        for name in value:
            if name not in shape.members:
                problems.append(f"{path}.{name}: is not in the model")
        for name in shape.required_members:
            if value.get(name) is None:
                problems.append(f"{path}.{name}: is required")
        return {
            wire_name(name, member): write(member, value[name], f"{path}.{name}", problems)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    # Least lengths of lists and maps are for requests: EKS itself answers `"tags": {}`.
    if kind in ("list", "map") and value:
        _limits(shape, value, path, problems)
    if kind == "list":
        return [write(shape.member, item, f"{path}[{index}]", problems) for index, item in enumerate(value)]
    if kind == "map":
        return {key: write(shape.value, item, f"{path}.{key}", problems) for key, item in value.items()}
    if kind == "blob":
        return base64.b64encode(value).decode()
    if kind == "timestamp":
        return _timestamp(shape, value, path, problems)
    expected = SCALARS[kind]
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        problems.append(f"{path}: {value!r} is no {kind}")
    else:
        _limits(shape, value, path, problems)
    return value


def _timestamp(shape, value, path, problems):
    if not isinstance(value, datetime.datetime):
        problems.append(f"{path}: {value!r} is no date")
        return None
    if shape.serialization.get("timestampFormat") == "iso8601":
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
    return value.timestamp()
