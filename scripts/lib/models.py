"""Makes the table of models from LiteLLM's wheel and our corrections: models.py WHEEL DATA_DIRECTORY."""

import datetime
import decimal
import json
import pathlib
import re
import sys
import zipfile

TABLE = "litellm/model_prices_and_context_window_backup.json"
PROVIDERS = ("openai", "deepseek", "mistral", "groq")
# What is no model that answers questions or embeds texts.
OTHERS = re.compile(r"^ft:|audio|search|realtime|container|moderation|guard|computer-use|voxtral")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# From none to most.
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def pico(usd):
    """US dollars per token as millionths of millionths of one."""
    if usd is None:
        return None
    exact = decimal.Decimal(str(usd)) * 10**12
    return int(exact.to_integral_value(decimal.ROUND_CEILING))


def efforts(entry):
    if entry.get("reasoning_effort_levels"):
        return entry["reasoning_effort_levels"]
    if not entry.get("supports_reasoning") or entry["litellm_provider"] != "openai":
        return None
    usual = ("low", "medium", "high")
    return [e for e in EFFORTS if entry.get(f"supports_{e}_reasoning_effort", e in usual)]


def prices(entry, suffix=""):
    made = {
        "input_price": pico(entry.get(f"input_cost_per_token{suffix}")),
        "cached_price": pico(entry.get(f"cache_read_input_token_cost{suffix}")),
        "write_price": pico(entry.get(f"cache_creation_input_token_cost{suffix}")) or None,
        "output_price": pico(entry.get(f"output_cost_per_token{suffix}")),
    }
    return {name: value for name, value in made.items() if value is not None}


def long_context(entry):
    """What a request costs whose prompt is above the one threshold there is."""
    found = [re.fullmatch(r"input_cost_per_token(_above_(\d+)k_tokens)", key) for key in entry]
    found = [match for match in found if match]
    if not found:
        return None
    (match,) = found
    return {"above": int(match[2]) * 1000, **prices(entry, match[1])}


def hours(text):
    """Hours as we write them: a day ends at 24:00."""
    start, end = text.split("-")
    end = "24:00" if end == "00:00" else end
    if start >= end:
        sys.exit(f"models.py: {text} are no hours of one day")
    return f"{start}-{end}"


def off_peak(entry):
    rule = entry.get("off_peak_pricing")
    if not rule:
        return None
    windows = []
    for window in rule["windows"]:
        times = window["hours_utc"]
        times = [times] if isinstance(times, str) else times
        days = [DAYS[day - 1] for day in window["weekdays"]]
        windows.append({"days": days, "hours": [hours(time) for time in times]})
    return {"windows": windows, **prices(rule)}


def model(entry):
    is_chat = entry["mode"] == "chat"
    made = {
        "context": entry.get("max_input_tokens"),
        "output": entry.get("max_output_tokens") if is_chat else None,
        **prices(entry),
        "long_context": long_context(entry),
        "off_peak": off_peak(entry),
        "ends": entry.get("deprecation_date"),
        "successor": entry.get("successor_model"),
    }
    if not is_chat:
        made["output_price"] = None
    if is_chat:
        made["efforts"] = efforts(entry)
        if entry["litellm_provider"] == "openai":
            made["limit"] = "max_completion_tokens"
            # One that always thinks takes no temperature but its own.
            if made["efforts"] and "none" not in made["efforts"]:
                made["temperature"] = False
    return {name: value for name, value in made.items() if value is not None}


def main(wheel, data):
    with zipfile.ZipFile(wheel) as package:
        table = json.loads(package.read(TABLE))
    models = {}
    for name, entry in table.items():
        provider = entry.get("litellm_provider")
        name = name.removeprefix(f"{provider}/")
        if provider in PROVIDERS and entry.get("mode") in ("chat", "embedding") and not OTHERS.search(name):
            models[f"{provider}/{name}"] = model(entry)
    corrections = json.loads((data / "corrections.json").read_text())
    for name, correction in corrections["models"].items():
        models.setdefault(name, {}).update({k: v for k, v in correction.items() if k != "why"})
    version = wheel.name.split("-")[1]
    today = datetime.date.today().isoformat()
    head = {
        "source": f"LiteLLM {version}, {TABLE}, MIT License, Copyright (c) 2023 Berri AI; and corrections.json",
        "date": today,
        "version": f"litellm-{version} {today}",
        "prices": "pico-USD per token; 1000000 is one USD per million tokens",
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(models.items())]
    text = "{\n" + "".join(f"{json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items())
    text += '"models": {\n' + ",\n".join(lines) + "\n}\n}\n"
    (data / "models.json").write_text(text)
    print(f"{len(models)} models as of {today}, from LiteLLM {version}")


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
