//! How much a model should think before it answers.

use serde::{Deserialize, Serialize};

use crate::{Model, Options};

/// `reasoning_effort`, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// Not at all.
    None,
    /// Hardly.
    Minimal,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// More than that.
    Xhigh,
    /// As much as it can.
    Max,
}

impl Effort {
    /// Every one of them.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Minimal,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Xhigh,
        Self::Max,
    ];

    /// Its name, as OpenAI has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// What `model` takes that is nearest: no more than is asked for, or else the least that it has. None where it is not
    /// known to take any.
    pub(crate) fn within(self, model: &Model) -> Option<&'static str> {
        let has = |effort: &Self| model.has_effort(effort.as_str());
        let mut known = Self::ALL.into_iter().filter(has);
        let least = known.next()?;
        let most = known.take_while(|one| *one <= self).last();
        Some(most.unwrap_or(least).as_str())
    }
}

impl Model {
    /// The `reasoning_effort` to send: as much as is asked for, or none, where it can do without.
    pub(crate) fn effort(&self, options: &Options) -> Option<&'static str> {
        let shows = self.thinking == Some(true) && options.thoughts;
        match options.effort {
            Some(effort) => effort.within(self),
            None => (!shows && self.has_effort("none")).then_some("none"),
        }
    }

    /// Whether it thinks before it answers. One that can be asked to think more or less does so unasked, unless it is told
    /// not to.
    pub(crate) fn thinks(&self, options: &Options) -> bool {
        let is_asked = options.thoughts || options.effort.is_some_and(|e| e > Effort::None);
        let has_efforts = self.efforts.as_ref().is_some_and(|all| !all.is_empty());
        match self.effort(options) {
            Some(effort) => effort != "none",
            None => has_efforts || is_asked && self.thinking == Some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(effort: Effort, known: &[&str]) -> Option<&'static str> {
        let efforts = known.iter().map(|&one| one.to_owned()).collect();
        let model = Model {
            efforts: Some(efforts),
            ..Model::default()
        };
        effort.within(&model)
    }

    #[test]
    fn a_model_is_asked_for_no_more_than_was_wanted() {
        let known = ["low", "medium", "high"];
        assert_eq!(within(Effort::Max, &known), Some("high"));
        assert_eq!(within(Effort::Medium, &known), Some("medium"));
        assert_eq!(within(Effort::None, &known), Some("low"));
        assert_eq!(within(Effort::Low, &["none", "medium"]), Some("none"));
        assert_eq!(within(Effort::High, &[]), None);
        assert_eq!(Effort::High.within(&Model::default()), None);
    }

    #[test]
    fn a_model_thinks_unless_it_cannot_or_need_not() {
        let of = |efforts: &[&str], thinking| Model {
            efforts: (!efforts.is_empty()).then(|| efforts.iter().map(|&e| e.to_owned()).collect()),
            thinking,
            ..Model::default()
        };
        let [able, always, switched, plain] = [
            of(&["none", "high"], None),
            of(&["low", "high"], None),
            of(&[], Some(true)),
            of(&[], None),
        ];
        let thinks = |effort, thoughts| {
            let options = Options {
                effort,
                thoughts,
                ..Options::default()
            };
            [&able, &always, &switched, &plain].map(|model| model.thinks(&options))
        };
        assert_eq!(thinks(None, false), [false, true, false, false]);
        assert_eq!(
            thinks(Some(Effort::None), false),
            [false, true, false, false]
        );
        assert_eq!(thinks(Some(Effort::High), false), [true, true, true, false]);
        assert_eq!(thinks(None, true), [false, true, true, false]);
    }

    #[test]
    fn each_has_its_name() {
        for effort in Effort::ALL {
            assert_eq!(Effort::named(effort.as_str()), Some(effort));
            assert_eq!(serde_json::json!(effort), effort.as_str());
        }
        assert_eq!(Effort::named("extreme"), None);
    }
}
