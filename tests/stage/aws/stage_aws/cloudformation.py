"""AWS CloudFormation of an account without stacks: eksctl asks it which clusters it made itself."""

from .errors import REQUEST_ID, AwsError
from .http import Response
from .stage import OURS, STAGE

NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
# Operations that list stacks -> the list in their answers.
LISTS = {"DescribeStacks": "Stacks", "ListStacks": "StackSummaries"}


class CloudFormation:
    def reset(self):
        """Nothing is ever made."""

    def handle(self, request):
        name = request.form.get("StackName")
        if request.operation not in LISTS:
            STAGE.broke_model(request, "answer", ["not emulated"])
            raise AwsError("NotEmulated", f"the stage does not emulate cloudformation:{request.operation}", 501)
        if name:
            raise AwsError("ValidationError", f"Stack with id {name} does not exist")
        listed = f"<{request.operation}Result><{LISTS[request.operation]}/></{request.operation}Result>"
        body = f'<{request.operation}Response xmlns="{NAMESPACE}">{listed}<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></{request.operation}Response>'
        return Response(200, {"content-type": "text/xml"}, body)


OURS["cloudformation"] = CloudFormation()
