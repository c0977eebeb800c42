//! From settings to a plan. [`Inputs`] are the files that the settings name; their fingerprint tells whether what is
//! installed is what is asked for, and its freshness whether that still is the answer; else [`Planner`] makes a plan. [`Catalogue`] is for those
//! who only look at what there is.

pub(crate) mod base_image;
mod catalogue;
mod choice;
mod elsewhere;
mod files;
pub(crate) mod fingerprint;
mod freshness;
mod inputs;
mod known;
mod planner;
mod question;
mod sources;

pub(crate) use catalogue::{Catalogue, Refreshed, refresh};
pub(crate) use choice::PlanInputs;
pub(crate) use freshness::{is_valid, refuse_changes, refuse_rollback, release_state};
pub(crate) use inputs::{Inputs, Wanted, lone_client};
pub(crate) use planner::{Meant, Planned, Planner};
pub(crate) use question::check_lock;
