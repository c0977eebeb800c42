//! Instructions of amd64 that have eight bytes of a path: `movabs $…, %reg`, a REX.W prefix, an opcode from B8 to BF and the
//! operand.

/// The operand, in bytes.
pub(super) const OPERAND: usize = 8;

/// Whether these bytes end with the opcode, so that the next eight are its operand.
pub(super) fn is_movabs(before: &[u8]) -> bool {
    matches!(before, [.., 0x48 | 0x49, 0xb8..=0xbf])
}
