//! What kind of bytes a path stands among. It decides how much of a path can stand there, and what must be before and after
//! it.

/// What kind of bytes a path stands among.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    /// Text, or data of a program: the whole path is there.
    Data,
    /// Data of a program, at a place where the constant of a vector register may stand: sixteen bytes of a path, such as
    /// `/usr/lib/tool/x.`, without a NUL.
    VectorConstant,
    /// Data of the dynamic linker, whose paths of libraries are folders with a slash at the end: `/lib/`.
    LinkerData,
    /// The name of the dynamic linker in a program (`PT_INTERP`), a path whatever stands before it.
    Interpreter,
    /// Instructions: an operand has eight bytes of a path, such as `/usr/sha`.
    Code,
    /// Instructions of the dynamic linker.
    LinkerCode,
    /// Eight bytes that several instructions put together, on arm64.
    Immediates,
    /// Those of the dynamic linker.
    LinkerImmediates,
}

impl Region {
    /// Whether no more than eight bytes of a path can be there.
    pub(super) fn is_code(self) -> bool {
        !matches!(self, Self::Data | Self::VectorConstant | Self::LinkerData | Self::Interpreter)
    }

    /// Whether it is in the instructions of the dynamic linker.
    pub(super) fn is_code_of_the_linker(self) -> bool {
        matches!(self, Self::LinkerCode | Self::LinkerImmediates)
    }
}
