//! Reads what a model answered, whole or piece by piece (server-sent events), in each dialect.

use super::dialect::Dialect;
use serde_json::Value;

/// Pieces of a stream that were not complete are kept up to this many bytes.
const LONGEST_LINE: usize = 1 << 20;

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    /// The model had said all.
    Stop,
    /// The allowed number of tokens was used up.
    Length,
    /// The provider's filter stopped it.
    Filtered,
    /// Another reason, or none given.
    Other,
}

/// What a model answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answer {
    /// The text, or the arguments of the forced tool; hidden thinking is left out.
    pub(super) text: String,
    /// The provider's own word for how it ended.
    pub(super) finish: Option<String>,
    /// Tokens of the question.
    pub(super) input: Option<u64>,
    /// Tokens of the answer, hidden ones included where the provider counts them there.
    pub(super) output: Option<u64>,
    /// Tokens of hidden thinking, where the provider tells.
    pub(super) thinking: Option<u64>,
}

impl Answer {
    /// How it ended.
    pub(super) fn ended(&self) -> Finish {
        match self.finish.as_deref() {
            Some("stop" | "STOP" | "end_turn" | "stop_sequence" | "tool_use" | "tool_calls") => {
                Finish::Stop
            }
            Some("length" | "MAX_TOKENS" | "max_tokens" | "model_context_window_exceeded") => {
                Finish::Length
            }
            Some(
                "content_filter" | "refusal" | "SAFETY" | "RECITATION" | "BLOCKLIST"
                | "PROHIBITED_CONTENT" | "SPII",
            ) => Finish::Filtered,
            _ => Finish::Other,
        }
    }

    /// A whole answer; none where the JSON is not one.
    pub(super) fn whole(dialect: Dialect, json: &Value) -> Option<Self> {
        let known = match dialect {
            Dialect::Gemini => {
                json.get("candidates").is_some_and(Value::is_array)
                    || json.get("promptFeedback").is_some()
            }
            Dialect::OpenAi => json.get("choices").is_some_and(Value::is_array),
            Dialect::Anthropic => json.get("content").is_some_and(Value::is_array),
        };
        if !known {
            return None;
        }
        let mut answer = Self::default();
        answer.add(dialect, json);
        Some(answer)
    }

    /// Adds a whole answer, or the next piece of one.
    fn add(&mut self, dialect: Dialect, json: &Value) {
        match dialect {
            Dialect::Gemini => self.add_gemini(json),
            Dialect::OpenAi => self.add_openai(json),
            Dialect::Anthropic => self.add_anthropic(json),
        }
    }

    fn add_gemini(&mut self, json: &Value) {
        let parts = json.pointer("/candidates/0/content/parts");
        for part in parts.and_then(Value::as_array).into_iter().flatten() {
            if part.get("thought") != Some(&Value::Bool(true)) {
                self.text
                    .push_str(part.get("text").and_then(Value::as_str).unwrap_or_default());
            }
        }
        self.take_finish(json.pointer("/candidates/0/finishReason"));
        self.take_finish(json.pointer("/promptFeedback/blockReason"));
        self.count(
            json.get("usageMetadata"),
            "/promptTokenCount",
            "/candidatesTokenCount",
            "/thoughtsTokenCount",
        );
    }

    fn add_openai(&mut self, json: &Value) {
        let piece = json
            .pointer("/choices/0/message/content")
            .or_else(|| json.pointer("/choices/0/delta/content"));
        self.text
            .push_str(piece.and_then(Value::as_str).unwrap_or_default());
        self.take_finish(json.pointer("/choices/0/finish_reason"));
        self.count(
            json.get("usage"),
            "/prompt_tokens",
            "/completion_tokens",
            "/completion_tokens_details/reasoning_tokens",
        );
    }

    fn add_anthropic(&mut self, json: &Value) {
        for block in json
            .get("content")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            match block.get("type").and_then(Value::as_str) {
                Some("text") => self.text.push_str(
                    block
                        .get("text")
                        .and_then(Value::as_str)
                        .unwrap_or_default(),
                ),
                Some("tool_use") => self
                    .text
                    .push_str(&block.get("input").map(Value::to_string).unwrap_or_default()),
                _ => {}
            }
        }
        for piece in ["/delta/text", "/delta/partial_json"] {
            self.text.push_str(
                json.pointer(piece)
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
            );
        }
        self.take_finish(json.get("stop_reason"));
        self.take_finish(json.pointer("/delta/stop_reason"));
        for usage in [json.pointer("/message/usage"), json.get("usage")] {
            self.count(usage, "/input_tokens", "/output_tokens", "/thinking_tokens");
        }
    }

    fn take_finish(&mut self, word: Option<&Value>) {
        if let Some(word) = word.and_then(Value::as_str) {
            self.finish = Some(word.to_owned());
        }
    }

    fn count(&mut self, usage: Option<&Value>, input: &str, output: &str, thinking: &str) {
        let Some(usage) = usage else { return };
        for (place, at) in [
            (&mut self.input, input),
            (&mut self.output, output),
            (&mut self.thinking, thinking),
        ] {
            if let Some(count) = usage.pointer(at).and_then(Value::as_u64) {
                *place = Some(count);
            }
        }
    }
}

/// An answer that arrives as server-sent events.
#[derive(Debug)]
pub(super) struct Stream {
    dialect: Dialect,
    rest: Vec<u8>,
    /// What came so far.
    pub(super) answer: Answer,
    /// An error in the middle of the stream.
    pub(super) error: Option<Value>,
    /// At least one event came.
    pub(super) any: bool,
}

impl Stream {
    /// A stream of which nothing has come yet.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            rest: Vec::new(),
            answer: Answer::default(),
            error: None,
            any: false,
        }
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.line(&line);
        }
        if self.rest.len() > LONGEST_LINE {
            self.rest.clear();
        }
    }

    /// Takes what stands after the last line break. An answer that was no stream may be one JSON.
    pub(super) fn end(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        self.line(&rest);
    }

    fn line(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let line = line.trim();
        let (event, text) = match line.strip_prefix("data:") {
            Some(data) => (true, data.trim()),
            None => (false, line),
        };
        let Ok(json) = serde_json::from_str::<Value>(text) else {
            return;
        };
        // Some servers answer a request for a stream in one piece.
        if !event && !json.is_object() {
            return;
        }
        self.any = true;
        if json.get("error").is_some_and(|error| !error.is_null()) {
            self.error = Some(json);
        } else {
            self.answer.add(self.dialect, &json);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_answers() {
        let gemini = Answer::whole(
            Dialect::Gemini,
            &json!({
                "candidates": [{ "content": { "parts": [
                    { "text": "let me see", "thought": true }, { "text": "o" }, { "text": "k" },
                ] }, "finishReason": "STOP" }],
                "usageMetadata": { "promptTokenCount": 7, "candidatesTokenCount": 1, "thoughtsTokenCount": 3 },
            }),
        )
        .unwrap();
        assert_eq!(
            (gemini.text.as_str(), gemini.ended(), gemini.thinking),
            ("ok", Finish::Stop, Some(3))
        );
        let blocked = json!({ "promptFeedback": { "blockReason": "SAFETY" } });
        assert_eq!(
            Answer::whole(Dialect::Gemini, &blocked).unwrap().ended(),
            Finish::Filtered
        );
        let cut = json!({ "choices": [{ "message": { "content": null }, "finish_reason": "length" }], "usage": { "prompt_tokens": 9, "completion_tokens": 16 } });
        let cut = Answer::whole(Dialect::OpenAi, &cut).unwrap();
        assert_eq!(
            (cut.text.as_str(), cut.ended(), cut.output),
            ("", Finish::Length, Some(16))
        );
        let tool = json!({ "content": [{ "type": "tool_use", "input": { "answer": "x" } }], "stop_reason": "tool_use" });
        assert_eq!(
            Answer::whole(Dialect::Anthropic, &tool).unwrap().text,
            r#"{"answer":"x"}"#
        );
        assert_eq!(Answer::whole(Dialect::OpenAi, &json!({})), None);
    }

    #[test]
    fn streams_in_any_cut() {
        let sent = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":5}}}\n\n\
            data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"answer\\\":\"}}\n\n\
            data: {\"delta\":{\"partial_json\":\"\\\"é\\\"}\"}}\r\n\r\n\
            data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":4}}\n\n";
        for size in [1, 7, 1000] {
            let mut stream = Stream::new(Dialect::Anthropic);
            sent.as_bytes()
                .chunks(size)
                .for_each(|piece| stream.push(piece));
            stream.end();
            assert_eq!(stream.answer.text, r#"{"answer":"é"}"#);
            assert_eq!(stream.answer.ended(), Finish::Stop);
            assert_eq!(
                (stream.answer.input, stream.answer.output),
                (Some(5), Some(4))
            );
        }
    }

    #[test]
    fn an_error_inside_a_stream_and_an_answer_that_is_none() {
        let mut stream = Stream::new(Dialect::Anthropic);
        stream.push(b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n");
        assert!(stream.error.is_some());
        let mut whole = Stream::new(Dialect::OpenAi);
        whole
            .push(b"{\"choices\":[{\"message\":{\"content\":\"ok\"},\"finish_reason\":\"stop\"}]}");
        whole.end();
        assert!(whole.any && whole.answer.text == "ok");
        let mut page = Stream::new(Dialect::OpenAi);
        page.push(b"<html>\n</html>");
        page.end();
        assert!(!page.any);
    }
}
