//! Which packages satisfy a relation, and which must not be installed together (Debian Policy 7, the Multi-Arch
//! specification). `Depends: a (>= 2) | b` is one group of two alternatives; `owner` is the package that has it.

use super::slot::Choice;
use super::universe::Universe;
use crate::control::relation::Operator;
use crate::source::index::{Alternative, MultiArch, NameId, Package, Qualifier, RelationField};

impl<'i> Universe<'i> {
    /// The packages of a choice that satisfy an alternative of a relation of `owner`; each once.
    pub(super) fn solutions(
        &self,
        choice: &Choice,
        owner: Package<'i>,
        alternative: &Alternative,
    ) -> Vec<Package<'i>> {
        let mut found = Vec::new();
        self.each_chosen(choice, alternative.name, |package| {
            if self.satisfies(package, owner, alternative) {
                push_once(&mut found, package);
            }
            false
        });
        found
    }

    /// Whether any alternative of a group is satisfied by a choice.
    pub(super) fn is_group_satisfied(
        &self,
        choice: &Choice,
        owner: Package<'i>,
        group: &[Alternative],
    ) -> bool {
        group.iter().any(|alternative| {
            self.each_chosen(choice, alternative.name, |package| self.satisfies(package, owner, alternative))
        })
    }

    /// The packages of a choice that cannot be installed beside `owner`, each with the `Conflicts` or `Breaks` of
    /// `owner` that says so; without one for the same package of another architecture, which must be
    /// `Multi-Arch: same` and of the same version. A package never conflicts with itself (Debian Policy 7.4).
    pub(super) fn clashing(
        &self,
        choice: &Choice,
        owner: Package<'i>,
    ) -> Vec<(Package<'i>, Option<&'i Alternative>)> {
        let mut found: Vec<(Package<'i>, Option<&Alternative>)> = Vec::new();
        if self.is_excluded(owner) {
            return found;
        }
        for alternative in negative(owner) {
            found.extend(
                self.forbidden(choice, owner, alternative)
                    .into_iter()
                    .map(|other| (other, Some(alternative))),
            );
        }
        if self.architectures.len() > 1 {
            let own = self.slot(owner);
            for slot in self.slots(owner.name_id()).filter(|slot| *slot != own) {
                if let Some(other) = choice[slot].map(|id| self.index.package(id))
                    && !self.is_excluded(other)
                    && !are_siblings(owner, other)
                {
                    found.push((other, None));
                }
            }
        }
        found
    }

    /// The packages of a choice that one `Conflicts` or `Breaks` of `owner` forbids; each once.
    fn forbidden(&self, choice: &Choice, owner: Package<'i>, alternative: &Alternative) -> Vec<Package<'i>> {
        let mut found = Vec::new();
        self.each_chosen(choice, alternative.name, |package| {
            if package.name_id() != owner.name_id()
                && self.is_meant(package, owner, alternative, true)
                && accepts(package, owner, alternative)
                && !self.is_excluded(package)
            {
                push_once(&mut found, package);
            }
            false
        });
        found
    }

    /// The groups of `Pre-Depends` and `Depends` that a choice must satisfy: none of a package that is excluded, and of
    /// one of the base only those that the base satisfies itself, since what it lacks already is not for this run to
    /// mend.
    pub(super) fn needs(&self, package: Package<'i>) -> impl Iterator<Item = &'i [Alternative]> + '_ {
        let (excluded, base) = (self.is_excluded(package), self.is_base(package));
        critical(package).filter(move |group| {
            !excluded && (!base || self.is_group_satisfied(self.present(), package, group))
        })
    }

    /// Whether no package of a choice lacks anything or clashes with another; packages of the base may clash with each
    /// other.
    pub(super) fn is_whole(&self, chosen: &Choice) -> bool {
        chosen.packages().map(|id| self.index.package(id)).all(|package| {
            self.needs(package).all(|group| self.is_group_satisfied(chosen, package, group))
                && self
                    .clashing(chosen, package)
                    .iter()
                    .all(|(other, _)| self.is_base(package) && self.is_base(*other))
        })
    }

    /// Whether one package satisfies a group of another.
    pub(super) fn group_accepts(
        &self,
        owner: Package<'_>,
        group: &[Alternative],
        package: Package<'_>,
    ) -> bool {
        group.iter().any(|alternative| self.satisfies(package, owner, alternative))
    }

    /// Whether `package` satisfies an alternative of a relation of `owner`, by its name or through `Provides`.
    pub(super) fn satisfies(
        &self,
        package: Package<'_>,
        owner: Package<'_>,
        alternative: &Alternative,
    ) -> bool {
        self.is_meant(package, owner, alternative, false) && accepts(package, owner, alternative)
    }

    /// Whether a relation reaches the architecture of a package (the Multi-Arch specification). `Conflicts` and
    /// `Breaks` without a qualifier reach all.
    fn is_meant(
        &self,
        package: Package<'_>,
        owner: Package<'_>,
        alternative: &Alternative,
        negative: bool,
    ) -> bool {
        let single = self.architectures.len() == 1;
        match alternative.qualifier {
            Qualifier::Any => package.multi_arch() == MultiArch::Allowed,
            Qualifier::None if single || negative => true,
            Qualifier::None => {
                let own = self.architecture_of(self.slot(package));
                own == self.architecture_of(self.slot(owner)) || package.multi_arch() == MultiArch::Foreign
            }
            Qualifier::Architecture(name) => {
                // apt's word for it is meant for source packages, and it takes it in others
                let wanted = match self.index.names().get(name) {
                    "native" => Some(0),
                    _ => self.architecture_named(name),
                };
                wanted.is_some_and(|wanted| {
                    wanted == self.architecture_of(self.slot(package))
                        || (!negative && package.multi_arch() == MultiArch::Foreign)
                })
            }
        }
    }

    /// Visits the chosen versions of `name` and the chosen providers of it, until one is enough.
    fn each_chosen(&self, choice: &Choice, name: NameId, mut visit: impl FnMut(Package<'i>) -> bool) -> bool {
        for slot in self.slots(name) {
            if let Some(id) = choice[slot]
                && visit(self.index.package(id))
            {
                return true;
            }
        }
        self.index
            .providers(name)
            .any(|package| choice[self.slot(package)] == Some(package.id()) && visit(package))
    }
}

/// Whether a package has the name and version that a relation of `owner` asks for, as its own or in its `Provides`.
/// `v (>= 1)` is satisfied by `Provides: v (= 2)` and not by `Provides: v` (Debian Policy 7.5).
fn accepts(package: Package<'_>, owner: Package<'_>, alternative: &Alternative) -> bool {
    if package.name_id() == alternative.name && owner.accepts(alternative, package.version()) {
        return true;
    }
    package.alternatives(RelationField::Provides).iter().any(|provided| {
        provided.name == alternative.name
            && (alternative.operator == Operator::Any
                || (provided.operator == Operator::Equal
                    && owner.accepts(alternative, package.relation_version(provided))))
    })
}

/// Whether two packages of one name and different architectures can be installed together.
fn are_siblings(left: Package<'_>, right: Package<'_>) -> bool {
    [left, right].iter().all(|package| package.multi_arch() == MultiArch::Same)
        && left.version() == right.version()
}

fn push_once<'i>(found: &mut Vec<Package<'i>>, package: Package<'i>) {
    if found.iter().all(|known| known.id() != package.id()) {
        found.push(package);
    }
}

/// `Conflicts` and `Breaks`: for a choice that is made at once they mean the same.
fn negative<'i>(package: Package<'i>) -> impl Iterator<Item = &'i Alternative> {
    [RelationField::Conflicts, RelationField::Breaks]
        .into_iter()
        .flat_map(move |kind| package.alternatives(kind))
}

/// `Pre-Depends`, then `Depends`.
pub(super) fn critical<'i>(package: Package<'i>) -> impl Iterator<Item = &'i [Alternative]> {
    [RelationField::PreDepends, RelationField::Depends].into_iter().flat_map(move |kind| package.groups(kind))
}
