//! A tar archive read under an allowance: a `.deb` cannot make us read, or hold in memory, more than was agreed.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use super::error::Error;

/// What one member's headers may take in all, in bytes: GNU long names, PAX records and sparse maps are held in
/// memory.
const HEADERS: u64 = 1 << 20;

/// How much may follow the end-of-archive marker, in bytes: tar pads to a record, 10 KiB unless told otherwise.
const PADDING: u64 = 16 << 20;

/// One of the two archives of a `.deb`.
pub struct Tarball<'a> {
    archive: tar::Archive<Metered<'a>>,
    meter: Rc<Meter>,
    scope: Scope,
}

/// The members of a [`Tarball`], in order. The data of each must have been read before the next is asked for.
pub struct Members<'s, 'a> {
    entries: tar::Entries<'s, Metered<'a>>,
    meter: Rc<Meter>,
    scope: Scope,
}

/// A member of a [`Tarball`]; reading it yields its data.
pub(crate) type Member<'s, 'a> = tar::Entry<'s, Metered<'a>>;

/// What a message about this archive must name.
#[derive(Debug, Clone, Copy)]
struct Scope {
    part: &'static str,
    limit: u64,
}

/// A reader that fails once its allowance is used up.
pub struct Metered<'a> {
    reader: BufReader<Box<dyn Read + Send + 'a>>,
    meter: Rc<Meter>,
}

struct Meter {
    /// Bytes left for the whole archive.
    total: Cell<u64>,
    /// Bytes left for the headers that are being read, or no limit while data is.
    step: Cell<u64>,
    exceeded: Cell<bool>,
}

impl<'a> Tarball<'a> {
    /// `part` names the archive in messages; `limit` is what may be read of it in all, in bytes.
    pub(super) fn new(decoder: Box<dyn Read + Send + 'a>, part: &'static str, limit: u64) -> Self {
        let meter =
            Rc::new(Meter { total: Cell::new(limit), step: Cell::new(u64::MAX), exceeded: Cell::new(false) });
        let reader = BufReader::with_capacity(32 << 10, decoder);
        let archive = tar::Archive::new(Metered { reader, meter: Rc::clone(&meter) });
        Self { archive, meter, scope: Scope { part, limit } }
    }

    /// The members; to be asked for once.
    pub fn members(&mut self) -> Result<Members<'_, 'a>, Error> {
        let (meter, scope) = (Rc::clone(&self.meter), self.scope);
        match self.archive.entries() {
            Ok(entries) => Ok(Members { entries, meter, scope }),
            Err(error) => Err(scope.error(&meter, error)),
        }
    }

    /// Reads to the end, so that the checksum at the end of the compressed stream is verified as well.
    pub fn finish(self) -> Result<(), Error> {
        self.meter.step.set(PADDING);
        let (meter, scope) = (self.meter, self.scope);
        match io::copy(&mut self.archive.into_inner(), &mut io::sink()) {
            Ok(_) => Ok(()),
            Err(error) => Err(scope.error(&meter, error)),
        }
    }
}

impl<'s, 'a> Iterator for Members<'s, 'a> {
    type Item = Result<Member<'s, 'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.meter.step.set(HEADERS);
        let entry = self.entries.next();
        self.meter.step.set(u64::MAX);
        Some(entry?.map_err(|error| self.scope.error(&self.meter, error)))
    }
}

impl Members<'_, '_> {
    /// What an error in reading the data of a member means.
    pub fn error(&self, error: io::Error) -> Error {
        self.scope.error(&self.meter, error)
    }
}

impl Scope {
    fn error(self, meter: &Meter, error: io::Error) -> Error {
        if meter.exceeded.get() && meter.total.get() == 0 {
            return Error::TooLarge { part: self.part, limit: self.limit };
        }
        Error::reading(self.part, error)
    }
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        let (total, step) = (&self.meter.total, &self.meter.step);
        let used = count as u64;
        if used > total.get() || used > step.get() {
            self.meter.exceeded.set(true);
            if used > total.get() {
                total.set(0);
            }
            return Err(io::Error::new(io::ErrorKind::InvalidData, "headers or padding are too large"));
        }
        total.set(total.get() - used);
        step.set(step.get() - used);
        Ok(count)
    }
}
