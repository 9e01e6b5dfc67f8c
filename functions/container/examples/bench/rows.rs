//! What is measured: the rows, in the order in which they run.

/// A row, with its connections where it is measured with several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    Start,
    RoundTrips,
    Profile,
    Sessions,
    Turn(usize),
    /// Answers that come as fast as they are read.
    Stream(usize),
    /// The same turns, asked for as OpenAI's clients do: in one piece, and streamed.
    Completion(usize),
    CompletionStream(usize),
    /// Answers that come as a model writes them.
    Paced(usize),
    OpenStreams,
    Refresh,
    Login,
    Flood,
    /// One tenant while another sends what it likes.
    Neighbour(Nuisance),
}

/// What a tenant floods the service with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nuisance {
    /// Questions of one member.
    Chat,
    /// Its settings, saved again and again.
    Settings,
}

/// All of them.
pub const ROWS: [Row; 18] = [
    Row::Start,
    Row::RoundTrips,
    Row::Profile,
    Row::Sessions,
    Row::Turn(32),
    Row::Turn(16),
    Row::Turn(1),
    Row::Stream(16),
    Row::Stream(1),
    Row::Completion(16),
    Row::CompletionStream(16),
    Row::Paced(16),
    Row::OpenStreams,
    Row::Refresh,
    Row::Login,
    Row::Flood,
    Row::Neighbour(Nuisance::Chat),
    Row::Neighbour(Nuisance::Settings),
];

impl Row {
    /// What `--only` is compared with.
    pub fn name(self) -> String {
        match self {
            Self::Start => "start".into(),
            Self::RoundTrips => "round-trips".into(),
            Self::Profile => "profile".into(),
            Self::Sessions => "sessions".into(),
            Self::Turn(n) => format!("turn-{n}"),
            Self::Stream(n) => format!("stream-{n}"),
            Self::Completion(n) => format!("v1-turn-{n}"),
            Self::CompletionStream(n) => format!("v1-stream-{n}"),
            Self::Paced(n) => format!("paced-{n}"),
            Self::OpenStreams => "open-streams".into(),
            Self::Refresh => "refresh".into(),
            Self::Login => "login".into(),
            Self::Flood => "flood".into(),
            Self::Neighbour(Nuisance::Chat) => "neighbour-chat".into(),
            Self::Neighbour(Nuisance::Settings) => "neighbour-settings".into(),
        }
    }

    /// Whether it can be measured only on a service that was started here.
    pub fn needs_own(self) -> bool {
        matches!(
            self,
            Self::Start
                | Self::RoundTrips
                | Self::Paced(_)
                | Self::OpenStreams
                | Self::Flood
                | Self::Neighbour(_)
        )
    }

    /// Whether a model is asked, which may cost money.
    pub fn asks_a_model(self) -> bool {
        matches!(
            self,
            Self::Turn(_)
                | Self::Stream(_)
                | Self::Completion(_)
                | Self::CompletionStream(_)
                | Self::Paced(_)
                | Self::OpenStreams
                | Self::RoundTrips
                | Self::Neighbour(_)
        )
    }

    /// Whether the bare handler can do it as well.
    pub fn has_bare(self) -> bool {
        matches!(
            self,
            Self::RoundTrips | Self::Sessions | Self::Turn(_) | Self::Stream(_) | Self::Paced(_)
        )
    }
}
