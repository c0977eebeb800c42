//! Instructions of amd64 that have bytes of a path as their operand: eight in `movabs $…, %reg`, a REX.W prefix, an opcode from
//! B8 to BF and the operand; four in `movl $…, …(%reg)`, the opcode C7, the address and the operand (Intel's manual, volume 2),
//! where the register may be %rip: a fixed place.

/// The operand of `movabs`, in bytes.
pub(super) const OPERAND: usize = 8;
/// The operand of a store, in bytes: the whole of `/usr` or `/etc`.
pub(super) const STORED: usize = 4;

/// The ModRM byte of an address that is relative to the next instruction, without its register.
const FIXED: u8 = 0x05;

/// How far from a store another one is looked for that writes over a part of it, in bytes.
const NEAR: usize = 48;

/// Whether these bytes end with the opcode, so that the next eight are its operand.
pub(super) fn is_movabs(before: &[u8]) -> bool {
    matches!(before, [.., 0x48 | 0x49, 0xb8..=0xbf])
}

/// Whether the bytes before an operand, and those after it, make it one of four bytes that are stored, and are all that is
/// known of the path: nothing near writes over them, as for the seven bytes of `/usr/x` in two stores that overlap, or goes on
/// with them but for a NUL, as R does with `/etc` and `/Renviron` behind the name of a folder.
pub(super) fn is_store(before: &[u8], after: &[u8]) -> bool {
    // where each lies, from the operand on
    let (from, to) = (before.len().min(NEAR), after.len().min(NEAR));
    let near = [(-from.cast_signed(), &before[before.len() - from..]), (STORED.cast_signed(), &after[..to])];
    let Some(place) = stored_at(before) else { return false };
    (1..).take(STORED).all(|more| {
        let next = place.after(more);
        let mut stores = near.iter().filter_map(|(at, code)| next.as_ref()?.stored_in(code, *at));
        stores.all(|is_nul| is_nul && more == 4)
    })
}

/// The address of a store.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Register(Register),
    /// One that is relative to the next instruction, here from the operand on.
    Fixed(i64),
}

/// A register and a displacement.
#[derive(Debug, PartialEq, Eq)]
struct Register {
    /// The ModRM byte without its register, which is an operand or a part of the opcode.
    model: u8,
    /// The SIB byte, if there is one.
    scale: Option<u8>,
    displacement: i32,
}

/// The address in an instruction that ends so, before its operand. `None` for what is no store of four bytes.
fn stored_at(before: &[u8]) -> Option<Place> {
    if let [.., 0xc7, FIXED, a, b, c, d] = before {
        // an operand of two bytes
        let is_short = before.len() > 6 && before[before.len() - 7] == 0x66;
        let displacement = i64::from(i32::from_le_bytes([*a, *b, *c, *d]));
        return (!is_short).then_some(Place::Fixed(4 + displacement));
    }
    // what lies between the opcode and the operand: a ModRM byte, perhaps a SIB byte, perhaps a displacement
    let register = [1, 2, 3, 5, 6].into_iter().find_map(|length| {
        let start = before.len().checked_sub(length + 1)?;
        let [0xc7, model, rest @ ..] = &before[start..] else { return None };
        let (scale, displacement) =
            if model & 7 == 4 { (Some(*rest.first()?), &rest[1..]) } else { (None, rest) };
        let displacement = match (model >> 6, displacement) {
            (0, []) if model & 7 != 5 => 0,
            (1, [byte]) => i32::from(byte.cast_signed()),
            (2, bytes) => i32::from_le_bytes(bytes.try_into().ok()?),
            _ => return None,
        };
        // a register there is a part of the opcode
        (model & 0x38 == 0).then_some(Register { model: *model, scale, displacement })
    });
    register.map(Place::Register)
}

impl Place {
    fn after(&self, more: i32) -> Option<Self> {
        Some(match self {
            Self::Fixed(place) => Self::Fixed(place + i64::from(more)),
            Self::Register(register) => {
                let displacement = register.displacement.checked_add(more)?;
                let mode = if i8::try_from(displacement).is_ok() { 1 } else { 2 };
                let model = register.model & 7 | mode << 6;
                Self::Register(Register { model, scale: register.scale, displacement })
            }
        })
    }

    /// Whether the first of some instructions, which lie at a place from the operand on, that stores there, C6, C7, 88 or 89,
    /// stores a NUL. `None` if there is none.
    fn stored_in(&self, instructions: &[u8], from: isize) -> Option<bool> {
        let (at, length) = match self {
            Self::Register(register) => {
                let bytes = register.displacement.to_le_bytes();
                let displacement = if register.model >> 6 == 1 { &bytes[..1] } else { &bytes[..] };
                let rest: Vec<u8> = register.scale.into_iter().chain(displacement.iter().copied()).collect();
                let length = 2 + rest.len();
                let at = instructions.windows(length).position(|window| {
                    is_store_opcode(window[0]) && window[1] & 0xc7 == register.model && window[2..] == *rest
                })?;
                (at, length)
            }
            Self::Fixed(place) => {
                let at = (0..instructions.len()).find(|at| {
                    let [opcode, model, a, b, c, d, ..] = &instructions[*at..] else { return false };
                    let operand = match opcode {
                        0xc6 => 1,
                        0xc7 if at.checked_sub(1).is_some_and(|before| instructions[before] == 0x66) => 2,
                        0xc7 => 4,
                        _ => 0,
                    };
                    let next = from + at.cast_signed() + 6 + operand;
                    let displacement = i32::from_le_bytes([*a, *b, *c, *d]);
                    is_store_opcode(*opcode)
                        && model & 0xc7 == FIXED
                        && next as i64 + i64::from(displacement) == *place
                })?;
                (at, 6)
            }
        };
        Some(instructions[at] == 0xc6 && instructions.get(at + length) == Some(&0))
    }
}

fn is_store_opcode(opcode: u8) -> bool {
    matches!(opcode, 0x88 | 0x89 | 0xc6 | 0xc7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_of_four_bytes_is_known_by_its_address() {
        for (before, after) in [
            // ldc2 1.30.0: movl $…, (%rax); mov 0x40(%rsp), %rax
            (&b"\x4c\x89\xe7\xc7\x00"[..], &b"\x48\x8b\x44\x24\x40"[..]),
            // movl $…, 0x10(%rsi); add $0x20, %rsi
            (b"\x48\x8d\x46\x10\xc7\x46\x10", b"\x48\x83\xc6\x20"),
            // movl $…, 0x40(%rsp); movq $4, 0x38(%rsp)
            (b"\xc6\x44\x24\x44\x00\xc7\x44\x24\x40", b"\x48\xc7\x44\x24\x38\x04\0\0\0"),
            (b"\xc7\x04\x24", b"\xc3"),
            (b"\xc7\x83\0\x01\0\0", b"\xc3"),
            (b"\xc7\x84\x24\0\x01\0\0", b"\xc3"),
        ] {
            assert!(is_store(before, after), "{}", before.escape_ascii());
        }
        for (before, after) in [
            // cmpl $…, 0x40(%rsp); mov $…, %eax; another opcode of C7; movw $…, 0x100(%rip)
            (&b"\x81\x7c\x24\x40"[..], &b""[..]),
            (b"\x90\xb8", b""),
            (b"\xc7\x38", b""),
            (b"\x66\xc7\x05\0\x01\0\0", b""),
            (b"", b""),
        ] {
            assert!(!is_store(before, after), "{}", before.escape_ascii());
        }
    }

    #[test]
    fn a_store_that_another_goes_on_with_is_left() {
        // libR 4.2: lea (%rax,%rbx), %rax; movl $…, (%rax); movb $'/', 4(%rax)
        assert!(!is_store(b"\x48\x8d\x04\x18\xc7\x00", b"\xc6\x40\x04/\x48\x8d\x44\x1f\x05"));
        // with a NUL, it is all of it: libclang 14
        assert!(is_store(b"\xc7\x44\x24\x38", b"\x48\xc7\x44\x24\x30\x04\0\0\0\xc6\x44\x24\x3c\0"));
        assert!(!is_store(b"\xc7\x44\x24\x38", b"\xc7\x44\x24\x3c/bin"));
    }

    #[test]
    fn a_store_to_a_fixed_place_is_known_by_it() {
        // libodbcinst 2.3.11: movl $…, 0xbc67(%rip); movb $0, 0xbc64(%rip); mov %rbp, %rax
        let next = b"\xc6\x05\x64\xbc\0\0\0\x48\x89\xe8";
        assert!(is_store(b"\xc7\x05\x67\xbc\0\0", next));
        assert!(is_store(b"\xc7\x05\0\x01\0\0", b""));
        // with a slash instead of the NUL; movw $…, 0xbc63(%rip) goes on with it, movl at a byte of it writes over
        assert!(!is_store(b"\xc7\x05\x67\xbc\0\0", b"\xc6\x05\x64\xbc\0\0/"));
        assert!(!is_store(b"\xc7\x05\x67\xbc\0\0", b"\x66\xc7\x05\x62\xbc\0\0/x"));
        assert!(!is_store(b"\xc7\x05\x67\xbc\0\0", b"\xc7\x05\x60\xbc\0\0r/x\0"));
        // and before it: movl $…, 0x10d(%rip), ten bytes, then the store at 0x100
        assert!(!is_store(b"\xc7\x05\x0d\x01\0\0r/x\0\xc7\x05\0\x01\0\0", b""));
        assert!(is_store(b"\xc7\x05\x0f\x01\0\0r/x\0\xc7\x05\0\x01\0\0", b""));
    }

    #[test]
    fn two_stores_that_overlap_are_left() {
        // movl $…, (%rax); movl $…, 3(%rax)
        assert!(!is_store(b"\xc7\x00", b"\xc7\x40\x03r/x\0"));
        // the other way round; movl $…, 0x40(%rsp); movw %cx, 0x42(%rsp)
        assert!(!is_store(b"\xc7\x40\x03r/x\0\xc7\x00", b""));
        assert!(!is_store(b"\xc7\x44\x24\x40", b"\x66\x89\x4c\x24\x42"));
        assert!(!is_store(b"\xc7\x40\x7d", b"\xc7\x80\x80\0\0\0r/x\0"));
    }
}
