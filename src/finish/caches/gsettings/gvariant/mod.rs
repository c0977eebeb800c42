//! GVariant, GLib's typed values: read as text, written in the serialised form. Only what has a known type is read, such
//! as the default of a GSettings key.

mod serialise;
mod text;
mod types;
mod value;

pub(super) use self::types::Type;
pub(super) use self::value::Value;

#[cfg(test)]
mod tests;
