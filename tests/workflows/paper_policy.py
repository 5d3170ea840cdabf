"""The centre's policy as tests use it: with some numbers changed, or with its waiting times shortened."""

from adapters.policy_file import house_policy
from domain.institutions import Channel
from domain.policy import Policy

POLICY = house_policy()


def with_policy(**changes: dict[str, object]) -> Policy:
    """The policy with some numbers changed: `with_policy(trace={"most_layers": 3})`."""
    whole = POLICY.model_dump()
    for part, fields in changes.items():
        whole[part] = {**whole[part], **fields}
    return Policy.model_validate(whole)


def quick(**changes: dict[str, object]) -> Policy:
    """The policy with its waiting times shortened, for cases that run on a real clock."""
    short: dict[str, dict[str, object]] = {
        "freeze": {"gather_seconds": 0.05, "gather_most_seconds": 30.0},
        "unknown": {"ask_person_after_seconds": 0.6, "slow_every_seconds": 0.3, "slow_most_seconds": 0.5},
        "lanes": {
            "patience_seconds": dict.fromkeys(Channel, 0.1),
            "linger_seconds": dict.fromkeys(Channel, 0.01),
        },
    }
    for part, fields in changes.items():
        short[part] = {**short.get(part, {}), **fields}
    return with_policy(**short)
