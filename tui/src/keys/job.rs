//! Keys of jobs.

use super::{Binding, Cmd, Key, every::*};

/// What can be done to a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JobDeed {
    Start,
    Join,
    Leave,
    Complete,
    Move,
    Rework,
    Scrap,
    History,
}

pub(super) const JOBS_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Open, "key-open-job"),
    BACK,
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HELP,
    QUIT,
];

pub(super) const JOB_KEYS: &[Binding] = &[
    shown(&[Key::Char('s')], Cmd::Job(JobDeed::Start), "key-job-start"),
    shown(&[Key::Char('c')], Cmd::Job(JobDeed::Complete), "key-job-complete"),
    shown(&[Key::Char('m')], Cmd::Job(JobDeed::Move), "key-job-move"),
    shown(&[Key::Char('w')], Cmd::Job(JobDeed::Rework), "key-job-rework"),
    shown(&[Key::Char('x')], Cmd::Job(JobDeed::Scrap), "key-job-scrap"),
    shown(&[Key::Char('j')], Cmd::Job(JobDeed::Join), "key-job-join"),
    shown(&[Key::Char('l')], Cmd::Job(JobDeed::Leave), "key-job-leave"),
    shown(&[Key::Char('h')], Cmd::Job(JobDeed::History), "key-job-history"),
    PERSON,
    BACK,
    OPEN_HELP,
    QUIT,
];

pub(super) const JOB_FORM_KEYS: &[Binding] = &[
    shown(&[Key::Enter], Cmd::Confirm, "key-confirm-job"),
    shown(&[Key::Digit], Cmd::Pick(0), "key-pick-deed"),
    NEXT,
    PERSON,
    BACK,
    PREVIOUS,
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HELP,
    QUIT,
];

pub(super) const JOB_HISTORY_KEYS: &[Binding] =
    &[BACK, UP, DOWN, PAGE_UP, PAGE_DOWN, OPEN_HELP, QUIT];
