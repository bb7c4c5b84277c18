//! What an answer means for what to do next.

use kart_wire::{Problem, code};
use std::time::Duration;

use crate::Fault;

/// What can be done about a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// Wait and try again.
    Later,
    /// Say hello again: the session or token is over, or positions differ.
    Hello,
    /// A person must act.
    Person,
}

/// Why something did not go through.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Nobody answered in time.
    #[error("headquarters does not answer: {}", reason(.0))]
    Unreachable(#[source] reqwest::Error),
    /// Headquarters said why not.
    #[error("headquarters refused: {0}")]
    Problem(Problem),
    /// Headquarters has no time for it now, and said when to ask again.
    #[error("headquarters is busy: {problem}")]
    Wait {
        /// What it said.
        problem: Problem,
        /// Not before this has passed.
        after: Duration,
    },
    /// The answer is not of the contract or contradicts what was sent; treated as no answer.
    #[error("headquarters answered something impossible: {0}")]
    Nonsense(String),
    /// Both sides hold different logs.
    #[error("{0}")]
    Forked(String),
    /// Headquarters was put back to an older state in the middle of a session.
    #[error("headquarters holds {holds} facts and had said {said}: it was restored")]
    Restored {
        /// Last sequence number that it had acknowledged.
        said: u64,
        /// Last sequence number that it has.
        holds: u64,
    },
    /// The terminal itself could not answer.
    #[error("this terminal: {0}")]
    Terminal(#[from] Fault),
}

/// The innermost cause: reqwest's own text only repeats the address.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    distrust(&cause.to_string()).unwrap_or_else(|| cause.to_string())
}

/// What is wrong with a certificate, in words for whoever stands at the terminal.
fn distrust(cause: &str) -> Option<String> {
    let why = cause.strip_prefix("invalid peer certificate: ")?;
    let told = if ["UnknownIssuer", "BadSignature"].contains(&why) {
        "no authority that this terminal trusts (headquarters.ca_file) has signed its certificate"
    } else if why.contains("expired") {
        "its certificate has expired, or the clock of this terminal is ahead"
    } else if why.contains("not valid yet") {
        "its certificate is not valid yet, or the clock of this terminal is behind"
    } else if why.contains("not valid for name") {
        "its certificate is for another name than that of headquarters.url"
    } else {
        return Some(format!("its certificate is not trusted: {why}"));
    };
    Some(told.to_owned())
}

impl Failure {
    /// Whether less at once may go through.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.code == code::TOO_LARGE)
    }

    /// How long headquarters wants to be left alone, where it said so.
    pub fn after(&self) -> Option<Duration> {
        match self {
            Self::Wait { after, .. } => Some(*after),
            _ => None,
        }
    }

    /// What headquarters said.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) | Self::Wait { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// What time it is at headquarters, where it refused for that.
    pub(crate) fn server_us(&self) -> Option<i64> {
        self.problem().and_then(|problem| problem.server_us)
    }

    /// What to do about it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Unreachable(_) | Self::Wait { .. } | Self::Nonsense(_) | Self::Terminal(_) => {
                Remedy::Later
            },
            Self::Restored { .. } => Remedy::Hello,
            Self::Forked(_) => Remedy::Person,
            Self::Problem(problem) => match problem.code.as_str() {
                code::UNAUTHORIZED | code::STALE_SESSION | code::GAP | code::ROLLED_BACK => {
                    Remedy::Hello
                },
                code::REVOKED
                | code::FOREIGN
                | code::BAD_CODE
                | code::BROKEN_CHAIN
                | code::FORKED
                | code::CLONED
                | code::OTHER_INCARNATION
                | code::UPGRADE_REQUIRED => Remedy::Person,
                _ => Remedy::Later,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_person_can_help_a_revoked_terminal() {
        let problem = |code: &str| Failure::Problem(Problem::new(code, ""));
        assert_eq!(problem(code::REVOKED).remedy(), Remedy::Person);
        assert_eq!(problem(code::STALE_SESSION).remedy(), Remedy::Hello);
        assert_eq!(problem(code::UNAVAILABLE).remedy(), Remedy::Later);
        assert_eq!(problem("a word of a later version").remedy(), Remedy::Later);
    }
}
