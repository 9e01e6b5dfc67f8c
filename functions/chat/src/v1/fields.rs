//! The members of a request that OpenAI's two ways to ask have in common.

use super::messages::is_nothing;
use ai::Effort;
use serde_json::{Map, Value, json};
use web::{Error, Result};

/// How many texts may end an answer, and how long each may be.
const STOPS: usize = 4;
const STOP_CHARS: usize = 256;

/// How long the description of an answer's form may be, in bytes: it is read by the model with every question.
const FORMAT_BYTES: usize = 32 * 1024;

/// How much of its own a client may store with a question.
const PAIRS: usize = 16;
const KEY_CHARS: usize = 64;
const VALUE_CHARS: usize = 512;

/// The most randomness that any model takes.
pub(super) const MOST_TEMPERATURE: f64 = 2.0;

/// A number within what there is.
pub(super) fn number(name: &str, value: Option<f64>, most: f64) -> Result<Option<f32>> {
    match value {
        Some(value) if !(0.0..=most).contains(&value) => {
            let message = format!("`{name}` must be between 0 and {most}.");
            Err(Error::wrong(name, message))
        }
        // What is lost is less than any model can tell apart.
        value => Ok(value.map(|value| value as f32)),
    }
}

/// The most tokens that an answer may have.
pub(super) fn most_tokens(name: &str, value: Option<i64>) -> Result<Option<u32>> {
    let Some(value) = value else {
        return Ok(None);
    };
    match u32::try_from(value.min(u32::MAX.into())) {
        Ok(most) if most > 0 => Ok(Some(most)),
        _ => Err(Error::wrong(name, format!("`{name}` must be at least 1."))),
    }
}

/// The texts before which an answer ends.
pub(super) fn stops(value: Option<&Value>) -> Result<Vec<String>> {
    let wrong = || {
        let message = format!(
            "`stop` must be a text, or a list of up to {STOPS}, each of at most {STOP_CHARS} characters."
        );
        Error::wrong("stop", message)
    };
    let stops = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(stop)) => vec![stop.clone()],
        Some(Value::Array(stops)) => {
            let texts = stops.iter().map(|stop| stop.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().ok_or_else(wrong)?
        }
        Some(_) => return Err(wrong()),
    };
    let fits = |stop: &String| stop.chars().count() <= STOP_CHARS;
    match stops.len() <= STOPS && stops.iter().all(fits) {
        true => Ok(stops),
        false => Err(wrong()),
    }
}

/// How much to think.
pub(super) fn effort(name: &str, value: Option<&str>) -> Result<Option<Effort>> {
    let Some(value) = value else {
        return Ok(None);
    };
    let effort = Effort::named(value).ok_or_else(|| {
        let all = Effort::ALL.map(Effort::as_str).join(", ");
        Error::wrong(name, format!("`{name}` must be one of {all}."))
    })?;
    Ok(Some(effort))
}

/// What the client wants to find beside its question again, and whose it says that the question is: told apart, but not
/// named.
pub(super) fn metadata(value: Option<Map<String, Value>>) -> Result<Map<String, Value>> {
    let metadata = value.unwrap_or_default();
    let fits = |(key, value): (&String, &Value)| {
        let value = value.as_str().map(|value| value.chars().count());
        key.chars().count() <= KEY_CHARS && value.is_some_and(|chars| chars <= VALUE_CHARS)
    };
    match metadata.len() <= PAIRS && metadata.iter().all(fits) {
        true => Ok(metadata),
        false => Err(Error::wrong(
            "metadata",
            format!(
                "`metadata` must be an object of at most {PAIRS} texts, each of at most {VALUE_CHARS} characters, with names \
                 of at most {KEY_CHARS}."
            ),
        )),
    }
}

/// The form of the answer, as chat completions have it; `name` is what the member is called here, and `schema` what in it
/// describes a schema.
pub(super) fn format(name: &str, value: Option<&Value>) -> Result<Option<Value>> {
    let Some(value) = value.filter(|value| !is_nothing(value)) else {
        return Ok(None);
    };
    let schema = &value["json_schema"];
    match value["type"].as_str() {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(json!({ "type": "json_object" }))),
        Some("json_schema") if schema["name"].is_string() => {
            if schema.to_string().len() > FORMAT_BYTES {
                let message =
                    "A schema may have 32 KiB at most. Leave out what the model need not know.";
                return Err(Error::wrong(format!("{name}.json_schema"), message));
            }
            Ok(Some(
                json!({ "type": "json_schema", "json_schema": schema }),
            ))
        }
        Some("json_schema") => {
            let message = "A schema is an object with `name` and `schema`.";
            Err(Error::wrong(format!("{name}.json_schema"), message))
        }
        _ => {
            let message = "`type` must be text, json_object or json_schema.";
            Err(Error::wrong(format!("{name}.type"), message))
        }
    }
}

/// Confirms that no tool is offered to the model, or that it may use none.
pub(super) fn no_tools(name: &str, tools: Option<&Value>, choice: Option<&Value>) -> Result<()> {
    let unused = choice == Some(&json!("none"));
    let wanted = tools.is_some_and(|tools| !is_nothing(tools)) && !unused;
    let insists = choice.is_some_and(|choice| {
        !is_nothing(choice) && !["none", "auto"].iter().any(|word| choice == word)
    });
    match wanted || insists {
        true => Err(Error::unsupported(
            name,
            "No tools can be called here. Leave them out; documents of the tenant are searched without being asked for.",
        )),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: std::fmt::Debug>(result: Result<T>) -> String {
        match result {
            Err(Error::Parameter { param, .. }) => param,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(number("top_p", Some(0.5), 1.0).unwrap(), Some(0.5));
        assert_eq!(number("top_p", None, 1.0).unwrap(), None);
        for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(refused(number("top_p", Some(wrong), 1.0)), "top_p");
        }
        assert_eq!(most_tokens("m", Some(1)).unwrap(), Some(1));
        assert_eq!(most_tokens("m", Some(i64::MAX)).unwrap(), Some(u32::MAX));
        for wrong in [0, -1, i64::MIN] {
            assert_eq!(refused(most_tokens("m", Some(wrong))), "m");
        }
    }

    #[test]
    fn stops_are_few_and_short() {
        assert_eq!(stops(Some(&json!("END"))).unwrap(), ["END"]);
        assert_eq!(stops(Some(&json!(["a", "b", "c", "d"]))).unwrap().len(), 4);
        assert!(stops(Some(&json!(null))).unwrap().is_empty());
        for wrong in [
            json!(["a", "b", "c", "d", "e"]),
            json!([1]),
            json!({}),
            json!("x".repeat(257)),
        ] {
            assert_eq!(refused(stops(Some(&wrong))), "stop", "{wrong}");
        }
    }

    #[test]
    fn metadata_is_small() {
        let of = |value: Value| metadata(value.as_object().cloned());
        assert_eq!(of(json!({ "page": "/help" })).unwrap().len(), 1);
        let many: Map<_, _> = (0..17).map(|n| (n.to_string(), json!("x"))).collect();
        for wrong in [
            Value::Object(many),
            json!({ "x": 1 }),
            json!({ "x".repeat(65): "x" }),
            json!({ "x": "x".repeat(513) }),
        ] {
            assert_eq!(refused(of(wrong.clone())), "metadata", "{wrong}");
        }
    }

    #[test]
    fn schemas_are_named_and_short() {
        let of = |schema: Value| {
            let value = json!({ "type": "json_schema", "json_schema": schema });
            format("response_format", Some(&value))
        };
        assert!(of(json!({ "name": "x", "schema": {} })).unwrap().is_some());
        let long = json!({ "name": "x", "schema": { "description": "x".repeat(33 << 10) } });
        for wrong in [json!({}), json!("x"), long] {
            assert_eq!(refused(of(wrong)), "response_format.json_schema");
        }
    }

    #[test]
    fn tools_are_refused_unless_none_may_be_used() {
        let tool = json!([{ "type": "function" }]);
        let of = |tools: &Value, choice: &Value| no_tools("tools", Some(tools), Some(choice));
        for (tools, choice) in [
            (json!([]), json!("auto")),
            (json!(null), json!(null)),
            (tool.clone(), json!("none")),
        ] {
            assert!(of(&tools, &choice).is_ok(), "{tools} {choice}");
        }
        for (tools, choice) in [
            (tool.clone(), json!(null)),
            (tool, json!("auto")),
            (json!([]), json!("required")),
            (json!([]), json!({ "type": "function" })),
        ] {
            assert_eq!(refused(of(&tools, &choice)), "tools", "{tools} {choice}");
        }
    }
}
