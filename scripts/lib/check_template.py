"""Checks template.yaml as AWS will see it; scripts/check-template runs this in its virtual environment.

AWS expands the template before it reads it, and linters of unexpanded templates pass whatever they do not know. So this
expands it first, without an account, and then asks cfn-lint and the rules of this project (template_rules.py).
"""

import json
import logging
import os
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from cfnlint.api import lint
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

import concurrency
import template_faults
import template_rules

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
logging.disable(logging.WARNING)


class NoManagedPolicies:
    """The translator would ask an account for AWS's policies by name; the template uses none."""

    def load(self):
        return {}


def read(path):
    """The template with its aliases written out, for the translator writes into what it reads."""
    return json.loads(json.dumps(yaml_parse(path.read_text())))


def parameters(template):
    return {name: str(p.get("Default", "arn:aws:none")) for name, p in template["Parameters"].items()}


def expanded(template):
    """What AWS makes of it. The code is not there yet: it stands in a bucket by then."""
    for resource in template["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    return transform(template, parameters(template), NoManagedPolicies(), passthrough_metadata=True)


def linted(template):
    return [f"cfn-lint {m.rule.id}: {m.message} (at {'/'.join(map(str, m.path or []))})" for m in lint(json.dumps(template))]


def findings(template):
    """Sentences about what is wrong, each with the name of who says so. The linter is asked last, for it is slow."""
    try:
        stack = expanded(template)
    except InvalidDocumentException as e:
        return [("translator", cause.message) for cause in e.causes]
    house = [(rule.__name__, said) for rule in template_rules.RULES for said in rule(stack, ROOT)]
    return house or [("cfn-lint", said) for said in linted(stack)]


def check():
    found = findings(read(TEMPLATE))
    for plain in sorted((ROOT / "scripts/lib").glob("*.yaml")):
        found += [("cfn-lint", f"{plain.name}: {said}") for said in linted(read(plain))]
    for who, said in found:
        print(f"template.yaml: {said}  [{who}]")
    print(f"the template has {len(found)} faults" if found else "the template is in order")
    return bool(found)


def share(connections):
    """Prints the concurrency parameters for a number of database connections."""
    shares = concurrency.shared(expanded(read(TEMPLATE)), int(connections) if connections.isdecimal() else 0)
    if not shares:
        print("the number of connections must be a whole one, and enough for one sandbox of each function (16)", file=sys.stderr)
        return True
    print("\n".join(f"{name}={value}" for name, value in sorted(shares.items())))
    return False


def misjudged():
    """A number of connections for which the shares do not fit; None if there is none."""
    stack = expanded(read(TEMPLATE))
    for total in range(400):
        shares = {"DatabaseConnections": total, **(concurrency.shared(stack, total) or {})}
        for name, value in shares.items():
            stack["Parameters"][name]["Default"] = value
        if (len(shares) == 1) != (total < 16) or (total >= 16 and list(template_rules.connections_fit(stack, ROOT))):
            return total
    return None


def self_test():
    """Plants faults, one at a time, and fails unless each is found."""
    clean = findings(read(TEMPLATE))
    if misjudged() is not None:
        clean.append(("concurrency", f"the shares of {misjudged()} connections do not fit"))
    missed = bool(clean)
    for who, said in clean:
        print(f"not even clean: {said}  [{who}]")
    width = max(len(name) for name, _ in template_faults.FAULTS)
    for name, plant in template_faults.FAULTS:
        template = read(TEMPLATE)
        plant(template)
        if template == read(TEMPLATE):
            raise SystemExit(f"the fault “{name}” changes nothing; scripts/lib/template_faults.py must follow the template")
        found = [f for f in findings(template) if f not in clean]
        missed |= not found
        print(f"{name:<{width}}  ->  {', '.join(dict.fromkeys(who for who, _ in found)) or 'MISSED'}")
    print("some faults go unnoticed" if missed else f"all {len(template_faults.FAULTS)} planted faults are noticed")
    return missed


def main(arguments):
    match arguments:
        case []:
            return check()
        case ["--self-test"]:
            return self_test()
        case ["--concurrency", connections]:
            return share(connections)
    print("scripts/check-template [--self-test | --concurrency CONNECTIONS]", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
