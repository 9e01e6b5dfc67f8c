//! Those of one tenant who wait.

use super::Need;
use std::collections::VecDeque;
use uuid::Uuid;

/// What has begun goes first; in both, its people take turns.
#[derive(Debug)]
pub(super) struct Line<T> {
    begun: People<T>,
    asked: People<T>,
}

/// By person; whose turn it is next comes first.
#[derive(Debug)]
struct People<T>(VecDeque<(Uuid, VecDeque<T>)>);

impl<T> Default for Line<T> {
    fn default() -> Self {
        let nobody = || People(VecDeque::new());
        Self {
            begun: nobody(),
            asked: nobody(),
        }
    }
}

impl<T> Line<T> {
    pub(super) fn push(&mut self, who: Uuid, need: Need, turn: T) {
        match need {
            Need::Begun => self.begun.push(who, turn),
            Need::Asked => self.asked.push(who, turn),
        }
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.begun.pop().or_else(|| self.asked.pop())
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        for people in [&mut self.begun, &mut self.asked] {
            for (_, turns) in &mut people.0 {
                turns.retain(&keep);
            }
            people.0.retain(|(_, turns)| !turns.is_empty());
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let people = self.begun.0.iter().chain(&self.asked.0);
        people.flat_map(|(_, turns)| turns)
    }

    pub(super) fn len(&self) -> usize {
        let people = self.begun.0.iter().chain(&self.asked.0);
        people.map(|(_, turns)| turns.len()).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.begun.0.is_empty() && self.asked.0.is_empty()
    }
}

impl<T> People<T> {
    fn push(&mut self, who: Uuid, turn: T) {
        match self.0.iter_mut().find(|(person, _)| *person == who) {
            Some((_, turns)) => turns.push_back(turn),
            None => self.0.push_back((who, VecDeque::from([turn]))),
        }
    }

    fn pop(&mut self) -> Option<T> {
        let (who, mut turns) = self.0.pop_front()?;
        let turn = turns.pop_front();
        if !turns.is_empty() {
            self.0.push_back((who, turns));
        }
        turn
    }
}
