//! Values of the specification, and what is none.

#![allow(clippy::unwrap_used)]
use std::cmp::Ordering;

use super::{Type, Value};

fn serialised(r#type: &str, text: &str) -> Option<Vec<u8>> {
    Value::parse(text).ok()?.serialise(&Type::parse(r#type).unwrap())
}

/// The first ones are those of the GVariant Specification, 3: "Examples".
#[test]
fn serialises_as_specified() {
    for (r#type, text, expected) in [
        ("s", "'hello world'", &b"hello world\0"[..]),
        ("ms", "just 'hello world'", b"hello world\0\0"),
        ("ms", "'hello world'", b"hello world\0\0"),
        ("ms", "nothing", b""),
        ("ab", "[true, false, false, true, true]", &[1, 0, 0, 1, 1]),
        ("(si)", "('foo', -1)", &[b'f', b'o', b'o', 0, 0xff, 0xff, 0xff, 0xff, 4]),
        (
            "a(si)",
            "[('hi', -2), ('bye', -1)]",
            &[
                b'h', b'i', 0, 0, 0xfe, 0xff, 0xff, 0xff, 3, 0, 0, 0, b'b', b'y', b'e', 0, 0xff, 0xff, 0xff,
                0xff, 4, 9, 21,
            ],
        ),
        ("as", "['i','can','has','strings?']", b"i\0can\0has\0strings?\0\x02\x06\x0a\x13"),
        ("((ys)as)", "((byte 0x69, 'can'), ['has','strings?'])", b"ican\0has\0strings?\0\x04\x0d\x05"),
        ("a{si}", "{'a': 1}", &[b'a', 0, 0, 0, 1, 0, 0, 0, 2, 9]),
        ("(yy)", "(0x70, 0200)", &[0x70, 0x80]),
        ("(iy)", "(96, 112)", &[0x60, 0, 0, 0, 0x70, 0, 0, 0]),
        ("ai", "@ai []", b""),
        ("as", "[]", b""),
        ("v", "<uint32 7>", &[7, 0, 0, 0, 0, b'u']),
        ("v", "<[1, 2.5]>", b"\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x04\x40\0ad"),
        ("d", "1", &1f64.to_le_bytes()),
        ("d", "-inf", &f64::NEG_INFINITY.to_le_bytes()),
        ("ay", "b'a\\101\\n'", b"aA\n\0"),
        ("s", "\"it's \\u00e9 \\\"x\\\"\"", "it's \u{e9} \"x\"\0".as_bytes()),
        ("()", "()", &[0]),
    ] {
        assert_eq!(serialised(r#type, text).as_deref(), Some(expected), "{type} {text}");
    }
    let long = format!("['{}', 'b']", "a".repeat(300));
    let bytes = serialised("as", &long).unwrap();
    assert_eq!(bytes[bytes.len() - 4..], [45, 1, 47, 1]);
}

#[test]
fn what_is_no_value_of_the_type_is_refused() {
    for (r#type, text) in [
        ("y", "256"),
        ("y", "-1"),
        ("i", "1.5"),
        ("b", "1"),
        ("s", "x"),
        ("s", "'x"),
        ("s", "'x' y"),
        ("s", "'\\u0000'"),
        ("i", "@u 1"),
        ("as", "['a' 'b']"),
        ("(ss)", "('a',)"),
        ("o", "'x'"),
        ("v", "<[]>"),
        ("u", ""),
        ("i", "--1"),
    ] {
        assert_eq!(serialised(r#type, text), None, "{type} {text}");
    }
    for bad in ["", "z", "a", "(", "{vs}", "{ss", "ss", &"a".repeat(100)] {
        assert_eq!(Type::parse(bad), None, "{bad}");
    }
    assert!(Value::parse(&"[".repeat(10_000)).is_err());
    assert!(Value::parse(&" ".repeat(1 << 20)).is_err());
}

#[test]
fn numbers_are_in_order() {
    let order =
        |left: &str, right: &str| Value::parse(left).unwrap().order(&Value::parse(right).unwrap()).unwrap();
    assert_eq!(order("9", "10"), Ordering::Less);
    assert_eq!(order("-inf", "uint32 0"), Ordering::Less);
    assert_eq!(order("1.5", "1"), Ordering::Greater);
}
