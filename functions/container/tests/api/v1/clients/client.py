"""What OpenAI's client for Python does with the service, told as JSON: client.py SERVICE KEY BAD_KEY OTHER_KEY LIMITED_KEY SPENT_KEY"""

import json
import sys

import openai

try:
    import httpx2 as httpx
except ImportError:
    import httpx

service, key, bad, other, limited, spent = sys.argv[1:]
base = service + "/v1"
said = {"version": openai.__version__}
asked = []
http = httpx.Client(event_hooks={"request": [lambda request: asked.append(str(request.url))]})
question = [{"role": "user", "content": "How long does a refund take?"}]


def client(api_key, **more):
    return openai.OpenAI(base_url=base, api_key=api_key, http_client=http, **more)


def refused(ask):
    """What it raises, what it knows of it, and how often it asked."""
    asked.clear()
    try:
        ask()
    except openai.APIError as e:
        status = getattr(e, "status_code", None)
        # The first versions leave that in the body.
        body = e.response.json()["error"] if status else {}
        known = [e.code or body.get("code"), e.param or body.get("param")]
        return [type(e).__name__, status, *known, len(asked), bool(getattr(e, "request_id", True))]
    return None


def create(api, **more):
    return api.chat.completions.create(**{"model": "default", "messages": question, **more})


api = client(key)
said["models"] = [model.id for model in api.models.list()]
said["model"] = api.models.retrieve("default").id

answer = create(api)
choice = answer.choices[0]
said["answer"] = [choice.message.role, choice.message.content, choice.finish_reason, answer.usage.total_tokens]
said["sources"] = [source["title"] for source in answer.model_extra["parlance"]["sources"]]

text, counted, reasons = "", [], []
for chunk in create(api, stream=True, extra_body={"stream_options": {"include_usage": True}}):
    for choice in chunk.choices:
        text += choice.delta.content or ""
        reasons += [choice.finish_reason] if choice.finish_reason else []
    usage = getattr(chunk, "usage", None)
    counted += [usage.total_tokens if hasattr(usage, "total_tokens") else usage["total_tokens"]] if usage else []
said["streamed"] = [text, reasons, counted]

said["no_key"] = refused(lambda: create(client(bad)))
said["no_scope"] = refused(lambda: create(client(other)))
said["no_model"] = refused(lambda: create(api, model="gpt-4"))
said["no_route"] = refused(lambda: api.embeddings.create(model="default", input="Hello?"))
said["refused"] = refused(lambda: create(api, n=2))
said["limited"] = refused(lambda: [create(client(limited, max_retries=0)) for _ in range(2)])
said["spent"] = refused(lambda: create(client(spent)))
said["broken"] = refused(lambda: list(create(api, stream=True)))

stream = create(api, stream=True)
for chunk in stream:
    if chunk.choices and chunk.choices[0].delta.content:
        break
said["message"] = chunk.id
stream.response.close()

if hasattr(api, "responses"):
    response = api.responses.create(model="default", input="How long does a refund take?", instructions="Be brief.")
    events = list(api.responses.create(model="default", input=question, stream=True))
    said["response"] = [response.status, response.output_text, response.usage.total_tokens]
    said["events"] = [events[0].type, events[-1].type, events[-1].response.output_text]
    with api.responses.stream(model="default", input=question) as runner:
        runner.until_done()
        said["runner"] = runner.get_final_response().output_text
said["failed"] = refused(lambda: create(api))
print(json.dumps(said))
