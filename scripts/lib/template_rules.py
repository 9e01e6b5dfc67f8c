"""What must hold for the expanded template beyond what cfn-lint knows: each rule yields sentences that say what to do."""

import json
import re
import tomllib

PLAIN_VARIABLES = {
    "SECRETS_ARN", "BACKEND_CORS_ORIGINS", "ALGORITHM", "ACCESS_TOKEN_EXPIRE_MINUTES", "ENDPOINTS", "INDEX_NAME", "LOGIN_COOKIES", "ROLE_PREFIX",
    "RUST_LOG",
}
SECRET_VALUE = re.compile(r"://[^/\s]*:[^/\s]*@|resolve:(secretsmanager|ssm)|\bsk-|AKIA|[A-Za-z0-9+/_-]{32,}")
SECRET_NAME = re.compile(r"(?!.*Arn$|AccessTokenExpireMinutes$).*(password|secret|token|key|url)", re.IGNORECASE)


def of_type(stack, kind):
    return {name: r for name, r in stack["Resources"].items() if r["Type"] == kind}


def functions(stack):
    return of_type(stack, "AWS::Lambda::Function")


def binary(function):
    return function.get("Metadata", {}).get("BuildProperties", {}).get("Binary")


def number(stack, value):
    """A number, or the default of the parameter that is referred to."""
    if isinstance(value, dict):
        value = stack["Parameters"].get(value.get("Ref"), {}).get("Default", 0)
    return int(value or 0)


def paths(stack):
    """Every (path, methods) of the API."""
    for api in of_type(stack, "AWS::ApiGateway::RestApi").values():
        yield from api["Properties"]["Body"]["paths"].items()


def integrations(stack):
    """Every (path, integration) of the API."""
    for path, methods in paths(stack):
        for method in methods.values():
            yield path, method["x-amazon-apigateway-integration"]


def target(integration):
    found = re.search(r"\$\{(\w+)\.Arn\}", json.dumps(integration.get("uri")))
    return found.group(1) if found else None


def statements(value):
    """Every policy statement below a value."""
    if isinstance(value, list):
        for item in value:
            yield from statements(item)
    elif isinstance(value, dict):
        if "Effect" in value:
            yield value
        for item in value.values():
            yield from statements(item)


def one_kind_of_function(stack, _):
    expected = {"Runtime": "provided.al2023", "Architectures": ["arm64"], "Handler": "bootstrap"}
    for name, function in functions(stack).items():
        for key, value in expected.items():
            if function["Properties"].get(key) != value:
                yield f"{name}: {key} must be {value}; remove what the function says of its own."


def every_function_is_a_crate(stack, root):
    crates = {p.parent.name for p in root.glob("functions/*/Cargo.toml")} - {"container"}
    built = {binary(f): name for name, f in functions(stack).items()}
    for crate in sorted(crates - built.keys()):
        yield f"functions/{crate} is not in the template; add a function whose Binary is {crate}."
    for name in sorted(built.keys() - crates, key=str):
        yield f"{built[name]}: there is no functions/{name}; correct Binary or remove the function."


def answers_stream(stack, _):
    for path, integration in integrations(stack):
        invoked = "/response-streaming-invocations" in json.dumps(integration.get("uri"))
        if integration.get("responseTransferMode") != "STREAM" or not invoked:
            yield f"the path {path} is buffered; its event needs `ResponseTransferMode: RESPONSE_STREAM`, in these words."


def gateway_waits_longer(stack, _):
    for path, integration in integrations(stack):
        function = functions(stack).get(target(integration), {"Properties": {}})
        longest = 1000 * function["Properties"].get("Timeout", 3)
        if integration.get("timeoutInMillis", 29_000) < longest:
            yield f"the path {path} is given up before its function is; its TimeoutInMillis must be {longest} or more."


def paths_reach_their_function(stack, root):
    routes = {path: binary(functions(stack).get(target(i), {})) for path, i in integrations(stack)}
    published = json.loads((root / "functions/container/openapi.json").read_text())["paths"]
    for path in sorted({*published, *("/" + p.split("/")[1] for p in published), "/", "/nowhere"}):
        first = path.split("/")[1]
        # What OpenAI's clients call is the chat's, what those of the Model Context Protocol call the documents'.
        group = "chat" if path.startswith("/v1/") else {"mcp": "documents"}.get(first, first)
        owner = group if group and (root / "functions" / group / "Cargo.toml").exists() else "login"
        below = f"/{first}/{{proxy+}}" if path.count("/") > 1 else ""
        reached = routes.get(path, routes.get(below, routes.get("/{proxy+}")))
        if reached != owner:
            yield f"requests for {path} reach {reached}, not {owner}; correct the Path of the events."


def local_paths_are_the_same(stack, root):
    deployed = {p.replace("{proxy+}", "{*rest}"): binary(functions(stack).get(target(i), {})) for p, i in integrations(stack)}
    local = tomllib.loads((root / "CargoLambda.toml").read_text())["watch"]["router"]
    for path in sorted(deployed.keys() | local.keys()):
        if deployed.get(path) != local.get(path):
            yield f"{path} leads to {deployed.get(path)}, locally to {local.get(path)}; correct CargoLambda.toml."


def bodies_arrive_as_sent(stack, _):
    for name, api in of_type(stack, "AWS::ApiGateway::RestApi").items():
        if api["Properties"]["Body"].get("x-amazon-apigateway-binary-media-types") != ["*/*"]:
            yield f"{name} changes what is no text in a request's body; its BinaryMediaTypes must be every type: *~1*."


def regional(stack, _):
    for name, api in of_type(stack, "AWS::ApiGateway::RestApi").items():
        if api["Properties"].get("EndpointConfiguration") != {"Types": ["REGIONAL"]}:
            yield f"{name} must be REGIONAL: at the edge, a stream that is silent for 30 s is cut."


def nothing_secret_is_logged_by_the_gateway(stack, _):
    for name, stage in of_type(stack, "AWS::ApiGateway::Stage").items():
        for settings in stage["Properties"].get("MethodSettings", []):
            if settings.get("DataTraceEnabled") is not False or settings.get("LoggingLevel") != "OFF":
                yield f"{name}: DataTraceEnabled must be false and LoggingLevel OFF, or passwords are logged."
        log_format = stage["Properties"].get("AccessLogSetting", {}).get("Format", "")
        if not log_format or re.search(r"header|querystring|body|authorizer", log_format):
            yield f"{name}: AccessLogSetting needs a Format without headers, queries, bodies and authorizers."
        if not any("ThrottlingRateLimit" in s for s in stage["Properties"].get("MethodSettings", [])):
            yield f"{name}: MethodSettings must limit requests (ThrottlingRateLimit)."


def no_secret_is_written_down(stack, _):
    for name, function in functions(stack).items():
        for variable, value in function["Properties"].get("Environment", {}).get("Variables", {}).items():
            if variable not in PLAIN_VARIABLES:
                yield f"{name}: {variable} is not known to be plain; put it into the secret, or into PLAIN_VARIABLES if it is."
            if SECRET_VALUE.search(json.dumps(value)):
                yield f"{name}: the value of {variable} looks like a secret; put it into the secret."
    for name, parameter in stack["Parameters"].items():
        if SECRET_NAME.match(name) or SECRET_VALUE.search(str(parameter.get("Default", ""))):
            yield f"the parameter {name} looks like a secret; parameters are shown to whoever may see the stack."


def secrets_are_read_by_their_reader(stack, _):
    for name, function in functions(stack).items():
        own, other = ("OperatorSecretArn", "RuntimeSecretArn")
        if binary(function) != "migrate":
            own, other = other, own
        role = function["Properties"]["Role"].get("Fn::GetAtt", [None])[0]
        policies = json.dumps(stack["Resources"].get(role, {}))
        if f'"{other}"' in policies:
            yield f"{name}: its role {role} can read {other}; only {own} is its business."
        if function["Properties"].get("Environment", {}).get("Variables", {}).get("SECRETS_ARN") != {"Ref": own}:
            yield f"{name}: SECRETS_ARN must be {own}."


def permissions_are_narrow(stack, _):
    for name, role in of_type(stack, "AWS::IAM::Role").items():
        if role["Properties"].get("ManagedPolicyArns"):
            yield f"{name}: write its permissions out; managed policies grant more than is needed."
        for statement in statements(role["Properties"].get("Policies", [])):
            if statement["Effect"] == "Deny":
                continue
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            for action in actions:
                if "*" in action:
                    yield f"{name}: {action} grants too much; name the actions."
                elif "*" in json.dumps(statement.get("Resource")) and not action.startswith("ec2:"):
                    yield f"{name}: {action} is granted on more than one resource; name it."


def connections_fit(stack, _):
    budget, used = number(stack, {"Ref": "DatabaseConnections"}), 0
    for name, function in functions(stack).items():
        sandboxes = number(stack, function["Properties"].get("ReservedConcurrentExecutions"))
        if sandboxes < 1:
            yield f"{name}: without ReservedConcurrentExecutions it can open connections without end."
        each = function.get("Metadata", {}).get("ConnectionsPerSandbox")
        if not each:
            yield f"{name}: its Metadata must say how many ConnectionsPerSandbox it has."
        used += sandboxes * (each or 0)
    if used > budget:
        yield f"the functions may open {used} connections, and DatabaseConnections is {budget}; lower a concurrency."


def logs_end(stack, _):
    groups = of_type(stack, "AWS::Logs::LogGroup")
    for name, function in functions(stack).items():
        group = function["Properties"].get("LoggingConfig", {}).get("LogGroup", {})
        if not isinstance(group, dict) or group.get("Ref") not in groups:
            yield f"{name}: LoggingConfig must name a LogGroup of this template, or its log is kept for ever."
    for name, group in groups.items():
        if not group["Properties"].get("RetentionInDays"):
            yield f"{name}: RetentionInDays is missing, so it is kept for ever."


def nobody_else_answers_cors(stack, _):
    for path, methods in paths(stack):
        if set(methods) != {"x-amazon-apigateway-any-method"}:
            yield f"the path {path} must have the method ANY alone: the functions answer preflights themselves, so remove Cors."


def migration_is_not_reachable(stack, _):
    for path, integration in integrations(stack):
        if binary(functions(stack).get(target(integration), {})) in {"migrate", "jobs"}:
            yield f"the path {path} would let the internet run {target(integration)}; remove that event."
    for name in of_type(stack, "AWS::Lambda::Url"):
        yield f"{name}: a function URL passes by the API and its limits; remove FunctionUrlConfig."


RULES = [
    one_kind_of_function, every_function_is_a_crate, answers_stream, gateway_waits_longer, paths_reach_their_function,
    local_paths_are_the_same, bodies_arrive_as_sent, regional,
    nothing_secret_is_logged_by_the_gateway, no_secret_is_written_down, secrets_are_read_by_their_reader,
    permissions_are_narrow, connections_fit, logs_end, nobody_else_answers_cors, migration_is_not_reachable,
]
