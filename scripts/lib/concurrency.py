"""Shares the connections of a database among the functions, as sandboxes that each may hold some."""

import template_rules as rules

# In percent; chat takes the rest, for it holds a sandbox as long as an answer lasts.
SHARES = {"login": 25, "documents": 12, "tenants": 8, "admin": 5}


def shared(stack, connections):
    """The concurrency parameters that fit into `connections`; None if not even one sandbox of each does."""
    given, rest = {}, connections
    for function in rules.functions(stack).values():
        each, sandboxes = function["Metadata"]["ConnectionsPerSandbox"], function["Properties"]["ReservedConcurrentExecutions"]
        if isinstance(sandboxes, dict):
            given[rules.binary(function)] = (sandboxes["Ref"], each)
        else:
            rest -= each * sandboxes
    chat, total, result = given.pop("chat"), rest, {}
    for name, (parameter, each) in given.items():
        result[parameter] = max(1, total * SHARES[name] // 100 // each)
        rest -= each * result[parameter]
    result[chat[0]] = rest // chat[1]
    return result if result[chat[0]] > 0 else None
