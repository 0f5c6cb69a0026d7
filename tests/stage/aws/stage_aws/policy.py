"""IAM policies, evaluated: statements, wildcards, common conditions."""

import functools
import re

from .neighbours import as_list


@functools.cache
def _glob(pattern, ignore_case):
    text = "".join(".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern))
    return re.compile(text + r"\Z", re.S | (re.I if ignore_case else 0))


def like(pattern, value, ignore_case=False):
    return bool(_glob(pattern, ignore_case).match(value))


OPERATORS = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
}
NEGATED = {"StringNotEquals": "StringEquals", "StringNotLike": "StringLike", "ArnNotEquals": "ArnLike", "ArnNotLike": "ArnLike"}


def _one_condition(operator, key, wanted, context):
    lower = {name.lower(): value for name, value in context.items()}
    values = lower.get(key.lower())
    wanted = [str(one).lower() if isinstance(one, bool) else str(one) for one in as_list(wanted)]
    if operator == "Null":
        return (values is None) == (wanted == ["true"])
    quantifier, _, operator = operator.rpartition(":")
    optional = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    negative = operator in NEGATED
    test = OPERATORS.get(NEGATED.get(operator, operator))
    if test is None:
        raise ValueError(f"the stage knows no condition operator {operator}")
    if values is None:
        return optional or negative or quantifier == "ForAllValues"

    def holds(value):
        return any(test(pattern, value) for pattern in wanted) != negative

    judge = all if quantifier == "ForAllValues" or negative else any
    return judge(holds(value) for value in as_list(values))


def conditions_hold(statement, context):
    return all(
        _one_condition(operator, key, wanted, context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _names(statement, key, value, ignore_case=False):
    """Whether `Action` or `NotAction` (or the same of Resource) takes it in."""
    if key in statement:
        return any(like(pattern, value, ignore_case) for pattern in as_list(statement[key]))
    if f"Not{key}" in statement:
        return not any(like(pattern, value, ignore_case) for pattern in as_list(statement[f"Not{key}"]))
    return False


def applies(statement, action, resource, context):
    if not _names(statement, "Action", action, ignore_case=True):
        return False
    # `*` as what is asked for stands for calls without a resource: only a policy for everything grants them.
    return _names(statement, "Resource", resource) and conditions_hold(statement, context)


def decide(statements, action, resource, context):
    """True if allowed and not denied."""
    matching = [one for one in statements if applies(one, action, resource, context)]
    if any(one["Effect"] == "Deny" for one in matching):
        return False
    return any(one["Effect"] == "Allow" for one in matching)
