"""Rules that moto lacks, asked before its handling of an operation, and done after it."""

import json

BEFORE, AFTER, INSTEAD = {}, {}, {}


def _register(table, service, operations):
    def add(rule):
        for operation in operations:
            table.setdefault((service, operation), []).append(rule)
        return rule

    return add


def before(service, *operations):
    """`rule(request, parameters)` may raise the error that AWS gives."""
    return _register(BEFORE, service, operations)


def after(service, *operations):
    """`rule(request, parameters, response)` runs if moto did it."""
    return _register(AFTER, service, operations)


def instead(service, *operations):
    """`rule(request, parameters)` answers in moto's place; None lets moto answer."""
    return _register(INSTEAD, service, operations)


def parameters(request):
    """Form fields, or the JSON body."""
    if request.form or request.service == "s3":
        return request.form
    try:
        return json.loads(request.body or b"{}")
    except ValueError:
        return {}


def numbered(form, prefix):
    """Values of `Prefix.1`, `Prefix.2`, … of a form, also `Prefix.member.1`."""
    found = []
    for middle in ("", ".member"):
        n = 1
        while f"{prefix}{middle}.{n}" in form:
            found.append(form[f"{prefix}{middle}.{n}"])
            n += 1
    return found


def call(request, moto):
    """moto's answer, with the rules around it."""
    key = (request.service, request.operation)
    given = parameters(request)
    for rule in BEFORE.get(key, []):
        rule(request, given)
    for rule in INSTEAD.get(key, []):
        answer = rule(request, given)
        if answer is not None:
            return answer
    response = moto.handle(request)
    if response.status < 300:
        for rule in AFTER.get(key, []):
            changed = rule(request, given, response)
            response = changed if changed is not None else response
    return response
