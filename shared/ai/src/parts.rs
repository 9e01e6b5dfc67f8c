//! A prompt part by part, for whoever wants to see what a model is sent.

use crate::prompt::{Prompt, RULES, passage_lines};

/// A part of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// What the tenant has it told.
    Instructions,
    /// What it is told about passages.
    Rules,
    /// The passages.
    Passages,
    /// The question.
    Question,
}

impl Prompt {
    /// What a model reads of it beside what was said before, in its order.
    pub fn parts(&self) -> Vec<(Part, String)> {
        let has_passages = !self.passages.is_empty();
        let lines = || passage_lines(&self.passages).join("\n");
        [
            self.system.clone().map(|text| (Part::Instructions, text)),
            has_passages.then(|| (Part::Rules, RULES.to_owned())),
            has_passages.then(|| (Part::Passages, lines())),
            Some((Part::Question, self.question.clone())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
