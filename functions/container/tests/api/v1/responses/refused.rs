//! What is not done.

use super::*;

#[tokio::test]
async fn what_is_not_done_is_refused_by_name() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let item = |item: Value| json!({ "input": [item, { "role": "user", "content": "x" }] });
    let many: Vec<Value> = (0..101)
        .map(|_| json!({ "type": "item_reference", "id": "msg_x" }))
        .collect();
    for (more, param, code) in [
        (
            json!({ "model": null }),
            "model",
            "missing_required_parameter",
        ),
        (json!({ "model": "gpt-4" }), "model", "model_not_found"),
        (
            json!({ "input": null }),
            "input",
            "missing_required_parameter",
        ),
        (json!({ "input": 1 }), "input", "invalid_value"),
        (json!({ "input": " " }), "input", "invalid_value"),
        (json!({ "input": [] }), "input", "invalid_value"),
        (json!({ "input": many }), "input", "invalid_value"),
        (
            item(json!({ "type": "item_reference", "id": "msg_x" })),
            "input[0].id",
            "invalid_value",
        ),
        (
            item(json!({ "type": "function_call_output", "output": "x" })),
            "input[0].type",
            "unsupported_value",
        ),
        (
            item(json!({ "role": "tool", "content": "x" })),
            "input[0].role",
            "unsupported_value",
        ),
        (
            item(json!({ "role": "user", "content": [{ "type": "input_image" }] })),
            "input[0].content[0]",
            "unsupported_value",
        ),
        (
            json!({ "tools": [{ "type": "web_search" }] }),
            "tools",
            "unsupported_value",
        ),
        (
            json!({ "previous_response_id": "resp_1" }),
            "previous_response_id",
            "unsupported_value",
        ),
        (
            json!({ "conversation": "conv_1" }),
            "conversation",
            "unsupported_value",
        ),
        (
            json!({ "prompt": { "id": "pmpt_1" } }),
            "prompt",
            "unsupported_value",
        ),
        (
            json!({ "background": true }),
            "background",
            "unsupported_value",
        ),
        (
            json!({ "max_output_tokens": 0 }),
            "max_output_tokens",
            "invalid_value",
        ),
        (json!({ "temperature": 3 }), "temperature", "invalid_value"),
        (json!({ "top_p": -1 }), "top_p", "invalid_value"),
        (
            json!({ "reasoning": { "effort": "extreme" } }),
            "reasoning.effort",
            "invalid_value",
        ),
        (
            json!({ "text": { "format": { "type": "xml" } } }),
            "text.format.type",
            "invalid_value",
        ),
        (
            json!({ "metadata": { "x": 1 } }),
            "metadata",
            "invalid_value",
        ),
    ] {
        let status = if code == "model_not_found" { 404 } else { 400 };
        let refused = respond(&kit, &token, more.clone()).await.openai(status);
        assert_eq!(refused, (code.to_owned(), Some(param.to_owned())), "{more}");
    }
    assert!(provider.chats().is_empty());
    for more in [
        json!({ "tools": [], "tool_choice": "auto", "background": false, "previous_response_id": null, "prompt": null }),
        json!({ "reasoning": { "effort": "high", "summary": "auto" }, "text": { "verbosity": "low" }, "truncation": "auto" }),
    ] {
        let answer = respond(&kit, &token, more).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let schema = json!({ "type": "json_schema", "name": "a", "strict": true, "schema": { "type": "object" } });
    respond(&kit, &token, json!({ "text": { "format": schema } })).await;
    let sent = provider.chats().pop().unwrap().body;
    let expected = json!({ "type": "json_schema", "json_schema": { "name": "a", "strict": true, "schema": { "type": "object" } } });
    assert_eq!(sent["response_format"], expected);
}
