"""Load balancers: their ARNs, their states over time, their interfaces."""

import re

import moto.elbv2.models as models
from moto.elbv2.utils import make_arn_for_load_balancer

from .. import neighbours
from ..clock import DURATIONS
from ..moto_side import backend
from ..stage import STAGE
from .hooks import after, before

KINDS = {"network": "net", "application": "app", "gateway": "gwy"}
_kind = ["app"]


def _arn(account_id, lb_id, name, region_name):
    return make_arn_for_load_balancer(account_id, lb_id, name, region_name).replace("/app/", f"/{_kind[0]}/")


def _is_active(balancer):
    return STAGE.clock.now - STAGE.born.get(balancer.arn, 0) >= DURATIONS["elbv2:load-balancer:create"]


def _activate(balancer):
    if balancer.state == "provisioning" and _is_active(balancer):
        balancer.state = "active"


_moto_health = models.FakeTargetGroup.health_for


def _health(group, target, ec2_backend):
    """Healthy a while after the target is registered and the load balancer is active."""
    found = _moto_health(group, target, ec2_backend)
    if found.status != "healthy":
        return found
    elb = backend("elbv2", group.region_name)
    balancers = [elb.load_balancers[arn] for arn in group.load_balancer_arns if arn in elb.load_balancers]
    if not balancers:
        found.status, found.reason, found.description = "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
        return found
    active_at = max(STAGE.born.get(one.arn, 0) for one in balancers) + DURATIONS["elbv2:load-balancer:create"]
    since = max(active_at, STAGE.born.get((group.arn, target["Id"]), 0))
    if STAGE.clock.now - since < DURATIONS["elbv2:target:healthy"]:
        found.status, found.reason, found.description = "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
    return found


models.make_arn_for_load_balancer = _arn
models.FakeLoadBalancer.activate = _activate
models.FakeTargetGroup.health_for = _health


@before("elbv2", "CreateLoadBalancer")
def kind(_request, form):
    _kind[0] = KINDS[form.get("Type", "application")]


@after("elbv2", "CreateLoadBalancer")
def new_balancer(request, _form, response):
    arn = re.search(r"<LoadBalancerArn>([^<]+)<", response.body.decode()).group(1)
    STAGE.born[arn] = STAGE.clock.now
    balancer = backend("elbv2", request.region).load_balancers[arn]
    short = arn.partition(":loadbalancer/")[2]
    STAGE.born[arn, "interfaces"] = [
        neighbours.attach_interface(request.region, subnet.id, balancer.security_groups or None, f"ELB {short}", "amazon-elb")
        for subnet in balancer.subnets
    ]


@after("elbv2", "DeleteLoadBalancer")
def interfaces_go(request, form, _response):
    for interface in STAGE.born.pop((form["LoadBalancerArn"], "interfaces"), []):
        neighbours.detach_interface(request.region, interface)


@after("elbv2", "RegisterTargets")
def targets_are_new(_request, form, _response):
    for key, value in form.items():
        if re.fullmatch(r"Targets\.member\.\d+\.Id", key):
            STAGE.born.setdefault((form["TargetGroupArn"], value), STAGE.clock.now)


@after("elbv2", "DeregisterTargets")
def targets_are_gone(_request, form, _response):
    for key, value in form.items():
        if re.fullmatch(r"Targets\.member\.\d+\.Id", key):
            STAGE.born.pop((form["TargetGroupArn"], value), None)
