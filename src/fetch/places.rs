//! The same file at several places: who is asked first, and who is waited for.

use std::collections::VecDeque;

use url::Url;

use super::client::Client;
use super::error::Error;

use crate::arrange::Arrange as _;

/// The places of one file, in the order in which they are to be asked, and what came of it.
///
/// A place that could not be reached earlier comes after the others, so that it is paid for once and not for every file. While
/// there are others, nobody is waited for; then each that was busy or silent is.
#[derive(Debug)]
pub(crate) struct Places<E> {
    patient: Client,
    asked: Client,
    fresh: VecDeque<Url>,
    again: VecDeque<(usize, Url)>,
    current: Option<(Option<usize>, Url)>,
    /// By place, in the order in which they were asked first.
    errors: Vec<E>,
}

impl Client {
    /// The places of a file.
    pub(crate) fn places<E>(&self, places: impl IntoIterator<Item = Url>) -> Places<E> {
        let mut fresh: Vec<Url> = places.into_iter().collect();
        fresh.arrange_by_key(|place| self.is_given_up(place));
        Places {
            asked: if fresh.len() > 1 { self.hasty() } else { self.clone() },
            patient: self.clone(),
            fresh: fresh.into(),
            again: VecDeque::new(),
            current: None,
            errors: Vec::new(),
        }
    }
}

impl<E> Places<E> {
    /// The next place to ask, and the client to ask it with.
    pub(crate) fn next(&mut self) -> Option<(Client, Url)> {
        if let Some(place) = self.fresh.pop_front() {
            self.current = Some((None, place.clone()));
            return Some((self.asked.clone(), place));
        }
        let (number, place) = self.again.pop_front()?;
        self.current = Some((Some(number), place.clone()));
        Some((self.patient.clone(), place))
    }

    /// The place could not serve; `may_pass` tells whether that is a matter of waiting.
    pub(crate) fn failed(&mut self, error: E, may_pass: bool) {
        let Some((known, place)) = self.current.take() else { return };
        match known {
            Some(number) => self.errors[number] = error,
            None => {
                if may_pass && !(self.fresh.is_empty() && self.errors.is_empty()) {
                    self.again.push_back((self.errors.len(), place));
                }
                self.errors.push(error);
            }
        }
    }

    /// The errors of all places.
    pub(crate) fn errors(self) -> Vec<E> {
        self.errors
    }
}

/// Whether what failed may pass when it is waited for.
pub(crate) fn may_pass(error: &Error) -> bool {
    error.is_busy() || error.is_silence()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::fetch::testing::client;

    fn url(host: &str) -> Url {
        Url::parse(&format!("http://{host}/x")).unwrap()
    }

    fn asked(places: &mut Places<&'static str>, answers: &[(&'static str, bool)]) -> Vec<String> {
        let mut hosts = Vec::new();
        let mut answers = answers.iter();
        while let Some((_, place)) = places.next() {
            hosts.push(place.host_str().unwrap().to_owned());
            let (error, may_pass) = answers.next().unwrap();
            places.failed(error, *may_pass);
        }
        hosts
    }

    #[test]
    fn comes_back_to_who_may_serve_later() {
        let mut places = client().places(["a", "b", "c"].map(url));
        let answers =
            [("busy", true), ("missing", false), ("silent", true), ("still busy", true), ("dead", false)];
        assert_eq!(asked(&mut places, &answers), ["a", "b", "c", "a", "c"]);
        assert_eq!(places.errors(), ["still busy", "missing", "dead"]);
        let mut only = client().places([url("a")]);
        assert_eq!(asked(&mut only, &[("busy", true)]), ["a"], "it was waited for at once");
    }

    #[test]
    fn a_place_that_said_nothing_is_asked_last() {
        let client = client();
        client.was_given_up(&url("a"));
        let mut places = client.places(["a", "b"].map(url));
        assert_eq!(asked(&mut places, &[("missing", false), ("silent", false)]), ["b", "a"]);
    }
}
