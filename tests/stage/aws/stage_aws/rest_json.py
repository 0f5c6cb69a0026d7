"""A REST service whose operations are methods: parsed, checked and written by botocore's model of it."""

import json
import urllib.parse

from . import route, shapes
from .errors import AwsError
from .http import Response
from .stage import STAGE


class Service:
    """Subclasses have one method for each operation, called with the model's member names."""

    name = ""
    # Error for what breaks the model, the first that the operation declares.
    invalid_codes = ()

    def handle(self, request):
        if not request.route:
            raise AwsError("UnknownOperationException", f"no operation {request.method} {request.path}", 404)
        operation = request.route.operation
        method = getattr(self, operation.name, None)
        if not method:
            STAGE.broke_model(request, "answer", ["not emulated"])
            raise AwsError("NotEmulated", f"the stage does not emulate {self.name}:{operation.name}", 501)
        problems = []
        request.parameters = self._parse(request, operation, problems)
        if problems:
            STAGE.broke_model(request, "request", problems)
            raise AwsError(self._invalid_code(operation), "; ".join(problems))
        self.request = request
        answer = method(**request.parameters) or {}
        return self._write(request, operation, answer)

    def _invalid_code(self, operation):
        declared = [error.name for error in operation.error_shapes]
        return next((code for code in self.invalid_codes if code in declared), self.invalid_codes[0])

    def _parse(self, request, operation, problems):
        shape = operation.input_shape
        if not shape:
            return {}
        path_values = request.route.path_values(request.route_path)
        query = urllib.parse.parse_qs(request.query_string, keep_blank_values=True)
        body = {}
        if request.body:
            try:
                body = json.loads(request.body)
            except ValueError:
                problems.append("the body is no JSON")
        for name, member in shape.members.items():
            key, place = shapes.wire_name(name, member), member.serialization.get("location")
            if place == "uri":
                body[key] = shapes.from_text(member, path_values[key])
            elif place == "querystring" and key in query:
                many = member.type_name == "list"
                body[key] = query[key] if many else shapes.from_text(member, query[key][0])
        return shapes.parse(shape, body, operation.name, problems)

    def _write(self, request, operation, answer):
        problems = []
        shape = operation.output_shape
        wire = shapes.write(shape, answer, operation.name, problems) if shape else {}
        if problems:
            STAGE.broke_model(request, "answer", problems)
            raise AwsError("StageIsBroken", "the stage's own answer breaks the service model: " + "; ".join(problems), 500)
        status = operation.http.get("responseCode", 200)
        headers = {"content-type": "application/json", "x-amzn-requestid": "0"}
        return Response(status, headers, json.dumps(wire) if status != 204 else "")


def page(items, max_results, next_token, default=100):
    """One page of a list, and the token of the next."""
    start = int(next_token) if next_token else 0
    end = start + (max_results or default)
    return items[start:end], str(end) if end < len(items) else None
