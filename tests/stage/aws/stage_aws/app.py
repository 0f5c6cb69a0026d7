"""All that answers requests, put together."""

from . import cloudformation, control, eks, kafka, rules  # noqa: F401  each adds itself
from .stage import STAGE


def handle(request):
    if request.path.startswith(control.PREFIX):
        return control.handle(request)
    return STAGE.handle(request)
