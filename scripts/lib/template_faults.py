"""Faults that scripts/check-template must notice: each changes a fresh copy of the template."""


def properties(template, resource):
    return template["Resources"][resource]["Properties"]


def event(template, function, name):
    return properties(template, function)["Events"][name]["Properties"]


def statements(template, role):
    return properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"]


def put(*path):
    """Sets what the last item says at the place that the others name."""
    *steps, last, value = path

    def plant(template):
        place = template
        for step in steps:
            place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
        place[last] = value

    return plant


def of(resource, *path):
    return put("Resources", resource, "Properties", *path)


FAULTS = [
    ("a runtime that does not exist", put("Globals", "Function", "Runtime", "provided.al2042")),
    ("a function that runs for 20 minutes", of("JobsFunction", "Timeout", 1200)),
    ("an architecture named arm", put("Globals", "Function", "Architectures", ["arm"])),
    ("streaming misspelt as STREAM", of("ChatFunction", "Events", "Group", "Properties", "ResponseTransferMode", "STREAM")),
    ("streaming forgotten", lambda t: event(t, "LoginFunction", "Rest").pop("ResponseTransferMode")),
    ("a gateway less patient than chat", of("ChatFunction", "Events", "Below", "Properties", "TimeoutInMillis", 29_000)),
    ("a handler that is not bootstrap", of("AdminFunction", "Handler", "main")),
    ("a path below /tenants forgotten", lambda t: properties(t, "TenantsFunction")["Events"].pop("Below")),
    ("a path that leads elsewhere locally", of("LoginFunction", "Events", "Below", "Properties", "Path", "/login/me")),
    ("a path of another function", of("AdminFunction", "Events", "Group", "Properties", "Path", "/adminn")),
    ("the same path twice", of("AdminFunction", "Events", "Group", "Properties", "Path", "/chat")),
    ("bodies taken for text", of("Api", "BinaryMediaTypes", ["image~1png"])),
    ("an API at the edge", of("Api", "EndpointConfiguration", "Type", "EDGE")),
    ("CORS at the gateway", of("Api", "Cors", "'*'")),
    ("requests logged in full", lambda t: properties(t, "Api")["MethodSettings"][0].update(DataTraceEnabled=True)),
    ("tokens in the access log", of("Api", "AccessLogSetting", "Format", "$context.authorizer.principalId")),
    ("no limit of requests", lambda t: properties(t, "Api")["MethodSettings"][0].pop("ThrottlingRateLimit")),
    ("a key in the environment", put("Globals", "Function", "Environment", "Variables", "SECRET_KEY", "canary")),
    ("a secret resolved into a variable", put("Globals", "Function", "Environment", "Variables", "RUST_LOG", "{{resolve:ssm:x}}")),
    ("a parameter for a password", put("Parameters", "DatabasePassword", {"Type": "String", "Default": ""})),
    ("a login as a default", put("Parameters", "IndexName", "Default", "postgresql://admin:canary@db/parlance")),
    ("migrate reads the runtime secret", lambda t: statements(t, "MigrateRole")[0].update(Resource={"Ref": "RuntimeSecretArn"})),
    ("chat runs with migrate's role", of("ChatFunction", "Role", {"Fn::GetAtt": ["MigrateRole", "Arn"]})),
    ("every secret of the account", lambda t: statements(t, "RuntimeRole")[0].update(Resource="*")),
    ("every action on logs", lambda t: statements(t, "RuntimeRole")[1].update(Action="logs:*")),
    ("an administrator's policy", of("RuntimeRole", "ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"])),
    ("more connections than the server has", put("Parameters", "ChatConcurrency", "Default", 40)),
    ("sandboxes without end", lambda t: properties(t, "DocumentsFunction").pop("ReservedConcurrentExecutions")),
    ("connections that nobody counts", lambda t: t["Resources"]["LoginFunction"]["Metadata"].pop("ConnectionsPerSandbox")),
    ("a log that is kept for ever", lambda t: properties(t, "MigrateLogs").pop("RetentionInDays")),
    ("a log group of nobody's", put("Globals", "Function", "LoggingConfig", "LogGroup", "/aws/lambda/parlance")),
    ("a crate forgotten", lambda t: t["Resources"].pop("DocumentsFunction")),
    ("a binary that is not there", put("Resources", "LoginFunction", "Metadata", "BuildProperties", "Binary", "logon")),
    ("migrate on the internet", of("MigrateFunction", "FunctionUrlConfig", {"AuthType": "NONE"})),
    ("a reference to nothing", of("JobsFunction", "MemorySize", {"Ref": "JobsMemory"})),
    ("a property that does not exist", of("ErrorLines", "Treshold", 1)),
]
