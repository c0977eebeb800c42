//! Scripts as packages have them, followed over a small tree.

#![allow(clippy::unwrap_used)]
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::files::Files;
use super::follow::follow;
use super::state::Followed;
use super::world::{Packages, Registered};
use crate::deb::shell::Call;
use crate::finish::inside::Inside;
use crate::finish::maintainer_script::Script::{self, Postinst, Preinst};
use crate::tree::Tree;

/// A tree with some files, and what a script has left of it.
struct Place {
    folder: tempfile::TempDir,
    tree: Tree,
    registered: Registered,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        for (path, text) in files {
            let path = Path::new(path);
            tree.create_directory(path.parent().unwrap()).unwrap();
            fs::write(tree.root().join(path), text).unwrap();
            fs::set_permissions(tree.root().join(path), fs::Permissions::from_mode(0o644)).unwrap();
        }
        Self { folder, tree, registered: Registered::default() }
    }

    fn follow(&mut self, script: Script, text: &str) -> Followed {
        let mut world = Packages::of(&self.tree).world(Files::new(Inside::new(&mut self.tree, 1)));
        world.answers.insert("x/yes".to_owned(), Some("true".to_owned()));
        let followed = follow(&mut world, "x", script, text).unwrap();
        self.registered = world.registered;
        followed
    }

    fn lines(&mut self, text: &str) -> Vec<String> {
        self.follow(Postinst, text).lines
    }

    fn path(&self, path: &str) -> PathBuf {
        self.tree.root().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn alternatives(&self) -> Vec<String> {
        let text = |(_, call): &(String, Call)| match call {
            Call::Known(words) => words.join(" "),
            Call::Unknown(line) => format!("? {line}"),
        };
        self.registered.alternatives.iter().map(text).collect()
    }
}

fn lines(script: Script, body: &str) -> Vec<String> {
    Place::new(&[("etc/there", "")]).follow(script, &format!("#!/bin/sh\n{body}")).lines
}

/// groovy 2.4.21-8: without this it has no command at all.
#[test]
fn functions_are_called_with_their_arguments() {
    let mut place = Place::new(&[]);
    let left = place.lines(
        "set -e\nHOME_=/usr/share/groovy\nMAN=/usr/share/man\n\nadd() {\n    if [ x\"\" != \"x$3\" ]; then\n\
         update-alternatives --install /usr/bin/$1 $1 $HOME_/bin/$1 $2 \\\n  --slave $MAN/$3.1.gz $1.1.gz $HOME_/$3.1.gz\n\
         else\n update-alternatives --install /usr/bin/$1 $1 $HOME_/bin/$1 $2\n fi\n}\n\nfor cmd in groovy grape; do\n\
         add $cmd 20 $cmd\ndone\nfor cmd in groovysh; do\n  add $cmd 20\ndone\nexit 0\n",
    );
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(
        place.alternatives(),
        [
            "--install /usr/bin/groovy groovy /usr/share/groovy/bin/groovy 20 --slave /usr/share/man/groovy.1.gz \
             groovy.1.gz /usr/share/groovy/groovy.1.gz",
            "--install /usr/bin/grape grape /usr/share/groovy/bin/grape 20 --slave /usr/share/man/grape.1.gz \
             grape.1.gz /usr/share/groovy/grape.1.gz",
            "--install /usr/bin/groovysh groovysh /usr/share/groovy/bin/groovysh 20"
        ]
    );
}

/// dovecot-core 2.3.19.
#[test]
fn configuration_is_copied_in_a_loop() {
    let mut place = Place::new(&[
        ("usr/share/dovecot/dovecot.conf", "main"),
        ("usr/share/dovecot/sql.ext", "secret"),
        ("usr/share/dovecot/conf.d/10-ssl.conf", "ssl"),
        ("etc/dovecot/README", ""),
    ]);
    let left = place.lines(
        "if [ \"$1\" = \"configure\" ]; then\n CONFFILES=\"dovecot.conf \\\n  sql.ext \\\n conf.d/10-ssl.conf\"\n\
         for conffile in $CONFFILES ; do\n ucf --three-way \"/usr/share/dovecot/$conffile\" \"/etc/dovecot/$conffile\"\n\
         ucfr dovecot-core \"/etc/dovecot/$conffile\"\n\
         if [ \"$conffile\" != \"dovecot.conf\" ] && [ -f \"/etc/dovecot/$conffile\" ] &&\n\
         \t[ \"$(echo \"$conffile\" | cut -b -7)\" != \"conf.d/\" ]; then\n chmod 0640 \"/etc/dovecot/$conffile\"\n\
         chgrp dovecot \"/etc/dovecot/$conffile\"\n fi\n done\n\
         if ! dpkg-statoverride --list /etc/dovecot/private >/dev/null; then\n\
         dpkg-statoverride --quiet --update --add root root 0700 /etc/dovecot/private\n fi\nfi\n",
    );
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(place.read("etc/dovecot/conf.d/10-ssl.conf"), "ssl");
    let mode = |path: &str| fs::metadata(place.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode("etc/dovecot/dovecot.conf"), mode("etc/dovecot/sql.ext")], [0o644, 0o640]);
}

/// libnginx-mod-stream 1.22.1: the names come out of a pipe.
#[test]
fn what_commands_print_is_read() {
    let mut place = Place::new(&[
        ("usr/share/nginx/modules-available/mod-stream.conf", ""),
        ("etc/nginx/modules-enabled/.keep", ""),
    ]);
    let left = place.lines(
        "for confpair in mod-stream.conf:50-mod-stream.conf  ; do\n\tfrom=$(echo $confpair | cut -d: -f1)\n\
         to=`echo $confpair | cut -d: -f2`\n if [ -L /etc/nginx/modules-enabled/$to.removed ]; then\n\
         rm /etc/nginx/modules-enabled/$to.removed\n removed_link=true\n else\n removed_link=false\n fi\n\
         if [ -z \"$2\" -o \"$removed_link\" = \"true\" ]; then\n ln -sf /usr/share/nginx/modules-available/$from \\\n\
         \t/etc/nginx/modules-enabled/$to\n fi\ndone\n",
    );
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(
        fs::read_link(place.path("etc/nginx/modules-enabled/50-mod-stream.conf")).unwrap(),
        Path::new("/usr/share/nginx/modules-available/mod-stream.conf")
    );
}

#[test]
fn apache_modules_are_enabled_with_what_they_need() {
    let mut place = Place::new(&[
        ("etc/apache2/mods-available/mpm_event.load", "# Conflicts: mpm_prefork\nLoadModule e e.so\n"),
        ("etc/apache2/mods-available/mpm_event.conf", ""),
        ("etc/apache2/mods-available/mpm_prefork.load", "# Conflicts: mpm_event\n"),
        ("etc/apache2/mods-available/authn_file.load", "# Depends: authn_core\n"),
        ("etc/apache2/mods-available/authn_core.load", ""),
        ("etc/apache2/mods-available/php8.2.load", "# Depends: mime\n# Conflicts: php5\n"),
        ("etc/apache2/sites-available/000-default.conf", ""),
        ("etc/apache2/mods-enabled/.keep", ""),
        ("etc/apache2/sites-enabled/.keep", ""),
        ("usr/share/apache2/apache2-maintscript-helper", "apache2_invoke() {\n some-other-way\n}\n"),
    ]);
    let body = "is_fresh() {\n if [ -z \"$2\" ] ; then\n return 0\n fi\n return 1\n}\nenable() {\n if is_fresh $@; then\n\
         a2enmod -m -q mpm_event\n for module in authn_file; do a2enmod -m -q $module; done\n a2ensite -q 000-default\n fi\n}\n\
         case $1 in\n configure)\n enable $@;;\nesac\n\
         . /usr/share/apache2/apache2-maintscript-helper\nphp_enable() {\n\
         local ret=0\n a2query -m php8.2 >/dev/null 2>&1 || ret=$?\n if [ \"$ret\" -eq 0 ]; then return 1; fi\n\
         mpm=$(a2query -M)\n case \"$(a2query -M)\" in\n prefork|itk) return 0;;\n\
         *) if apache2_switch_mpm prefork; then return 0; fi;;\n esac\n return 1\n}\n\
         if php_enable; then\n for conf in php8.2 ; do\n apache2_invoke enmod $conf || exit 1\n done\nfi\n";
    let left = place.lines(body);
    assert!(left.is_empty(), "{left:?}");
    let mut names: Vec<String> = fs::read_dir(place.path("etc/apache2/mods-enabled"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".keep", "authn_core.load", "authn_file.load", "mpm_prefork.load", "php8.2.load"]);
    assert!(place.path("etc/apache2/sites-enabled/000-default.conf").is_symlink());
    assert!(place.path("var/lib/apache2/module/enabled_by_maint/php8.2").exists());
}

/// odbc-postgresql 13.02.
#[test]
fn drivers_are_registered_once() {
    let template = "[One]\nDescription=first\nDriver = one.so\n\n[Two]\nDriver=two.so\n";
    let mut place = Place::new(&[("usr/share/odbc/template", template), ("etc/there", "")]);
    let body = "case $1 in\n\tconfigure)\n\tif [ \"$2\" ] && dpkg --compare-versions \"$2\" lt 1 && \\\n\
         \tgrep -q x /etc/odbcinst.ini ; then\n odbcinst -u -d -n x\n fi\n\
         if ! grep -q One /etc/odbcinst.ini ; then\n odbcinst -i -d -f /usr/share/odbc/template\n fi ;;\nesac\n";
    assert!(place.lines(body).is_empty() && place.lines(body).is_empty());
    assert_eq!(
        place.read("etc/odbcinst.ini"),
        "[One]\nDescription=first\nDriver=one.so\nUsageCount=1\n\n[Two]\nDriver=two.so\nUsageCount=1\n\n"
    );
}

#[test]
fn text_is_written_and_changed() {
    let mut place = Place::new(&[
        ("etc/list", "one # old\ntwo\n"),
        ("usr/share/x/a.conf", "A"),
        ("usr/share/x/b.conf", "B"),
    ]);
    let left = place.lines(
        "PATH_=/etc/new.cfg\nname=x\ncat > $PATH_ <<EOF\n# of $name, not \\$name\nEOF\ncat >> $PATH_ <<'EOF'\n$name\nEOF\n\
         echo 'end' >> ${PATH_}\nsed -i -e '/two/d' -e 's/ *#.*//' /etc/list\n\
         for f in /usr/share/x/*.conf; do\n b=$(basename $f .conf)\n [ -e /etc/x.$b ] || cp $f /etc/x.$b\ndone\n\
         t=$(mktemp)\nsed s/A/C/ /usr/share/x/a.conf >$t\nucf $t /etc/from-temporary\nrm -f $t\n\
         db_get x/yes\nif [ \"$RET\" = true ]; then : >/etc/answered; fi\n\
         while read mode dir; do mkdir -m $mode -p $dir; done <<DATA\n700 /var/one\n755 /var/two\nDATA\n\
         case `dpkg --print-architecture` in amd64|i386) touch /etc/pc;; *) touch /etc/other;; esac\n\
         eval \"touch /etc/${name}\"\n( cd /etc && ln -s list here )\n\
         touch ${UNSET:-/etc/default}-value ${name##*y}z; set -- /etc/p /etc/q; shift; touch $1\n\
         for i in $(seq 2 -1 1); do touch /etc/n$(($i+1)); done\n",
    );
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(place.read("etc/new.cfg"), "# of x, not $name\n$name\nend\n");
    assert_eq!(place.read("etc/list"), "one\n");
    assert_eq!(
        [place.read("etc/x.a"), place.read("etc/x.b"), place.read("etc/from-temporary")],
        ["A", "B", "C\n"]
    );
    for path in [
        "etc/answered",
        "var/one",
        "var/two",
        "etc/pc",
        "etc/x",
        "etc/here",
        "etc/q",
        "etc/default-value",
        "xz",
        "etc/n2",
        "etc/n3",
    ] {
        assert!(place.path(path).exists(), "{path}");
    }
    assert!(!place.path("etc/other").exists() && !place.path("etc/p").exists());
}

#[test]
fn only_what_is_sure_is_done() {
    let body = "mkdir /etc/sure\nif [ -n \"$2\" ]; then touch /etc/no; else touch /etc/yes; fi\nx=$(unheard-of)\n\
        if [ \"$x\" = y ]; then touch /etc/maybe; else touch /etc/other; fi\n\
        case \"$x\" in y) touch /etc/pattern;; esac\nf() {\ntouch /etc/function\n}\n\
        if [ \"$1\" = upgrade -o \"$1\" = x ]; then touch /etc/neither; fi\n[ -e \"$x\" ] || touch /etc/or\n\
        g() { [ \"$x\" ] || return 0; touch /etc/behind; }\ng\ntouch /etc/outside\n\
        if [ -e /etc/maybe ]; then touch /etc/doubtful; fi\n[ \"$x\" ] || exit 1\ntouch /etc/after\n\
        [ \"$x\" ] || exit 0\ntouch /etc/last\nfor i in $x; do touch /etc/$i; done\n";
    let mut place = Place::new(&[("etc/there", "")]);
    let left = place.lines(body);
    let made = |name: &str| place.path("etc").join(name).exists();
    assert!(["sure", "yes", "outside", "after"].into_iter().all(made));
    assert_eq!(fs::read_dir(place.path("etc")).unwrap().count(), 5);
    assert_eq!(
        left,
        [
            "touch /etc/maybe",
            "touch /etc/other",
            "touch /etc/pattern",
            "[ -e \"$x\" ] || touch /etc/or",
            "touch /etc/behind",
            "touch /etc/doubtful",
            "touch /etc/last",
            "touch /etc/$i"
        ]
    );
}

#[test]
fn only_a_first_installation_counts() {
    let body = "case \"$1\" in\n  configure)\n    if [ -n \"$2\" ]; then upgrade-it; else first; fi\n\
        if dpkg --compare-versions \"$2\" lt-nl 1.0; then\n mend\n fi\n inner\n ;;\n abort-upgrade|failed)\n undo\n ;;\n\
        *)\n echo \"odd: $1\" >&2\n fail\n exit 1\n;;\nesac\nif [ \"$1\" = \"upgrade\" ]; then old; elif maybe; then one; \
        else two; fi\nlast || true\n";
    let left = lines(Postinst, body);
    assert_eq!(left, ["first", "inner", "maybe", "one", "two", "last || true"]);
    assert_eq!(lines(Preinst, "if [ \"$1\" = install ]; then\nnow\nfi\n"), ["now"]);
    assert!(lines(Postinst, "[ \"$1\" = configure ] && [ -n \"$2\" ] && old").is_empty());
    assert_eq!(lines(Postinst, "[ -z \"$2\" ] && new").len(), 1);
    assert!(lines(Preinst, "if [ \"$1\" = configure ]; then\nnow\nfi\n").is_empty());
}

#[test]
fn no_link_leads_to_itself() {
    let mut place = Place::new(&[("usr/bin/x", "own")]);
    let body = "test -e /usr/bin/ksh || test -h /usr/bin/ksh || \\\n  ln -s /bin/ksh /usr/bin/ksh\nln -s /bin/x /usr/bin/y\n";
    assert_eq!(place.lines(body), Vec::<String>::new());
    assert!(place.path("usr/bin/ksh").symlink_metadata().is_err());
    assert_eq!(fs::read_link(place.path("usr/bin/y")).unwrap(), Path::new("/bin/x"));
}

#[test]
fn what_a_package_ships_stays_and_nothing_is_made_outside() {
    let mut place = Place::new(&[("usr/bin/x", "own"), ("etc/source", "new"), ("etc/old", "old")]);
    let outside = place.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    symlink(&outside, place.path("etc/away")).unwrap();
    symlink(outside.join("file"), place.path("etc/dangling")).unwrap();
    let body = "cp /etc/source /etc/old\necho text >/usr/bin/x\nrm -rf /usr/bin/x /etc\nmv /etc/old /etc/gone\n\
        ln -sf /etc/source /usr/bin/x\ncp /etc/nothing /etc/x\ntouch /etc/away/x\ntouch /etc/dangling\nmkdir /etc/away/x\n\
        touch /no/x\necho x >/etc/../../../up\ntouch /run/x\n";
    let left = place.lines(body);
    assert_eq!(
        left,
        [
            "echo text >/usr/bin/x",
            "mv /etc/old /etc/gone",
            "ln -sf /etc/source /usr/bin/x",
            "cp /etc/nothing /etc/x",
            "touch /etc/away/x",
            "touch /etc/dangling",
            "mkdir /etc/away/x",
            "touch /no/x",
        ]
    );
    assert_eq!([place.read("usr/bin/x"), place.read("etc/old"), place.read("up")], ["own", "old", "x\n"]);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn reading_and_what_is_not_missed_is_not_listed() {
    let body = ". /usr/share/debconf/confmodule\ndb_get x/y\nX=$(cat /etc/x)\nif [ -x $Y ] && which z >/dev/null 2>&1; then\n\
        invoke-rc.d x start || exit $?\nfi\nchown root:adm /var/x\ngetent group x >/dev/null || addgroup --system x\n\
        rm -f /etc/old\nsed s/a/b/ /etc/x\n/usr/lib/x/setup --now\n";
    assert_eq!(lines(Postinst, body), ["/usr/lib/x/setup --now"]);
}

#[test]
fn a_shell_script_of_the_tree_is_read_in_its_turn() {
    let script = "#!/bin/sh\nset -e\nwhile [ $# -gt 0 ]; do touch /etc/made-$1; shift; done\nlocal=1\n";
    let mut place = Place::new(&[
        ("usr/sbin/register", script),
        ("usr/sbin/odd", "#!/bin/sh\nunheard-of\n"),
        ("etc/x", ""),
    ]);
    assert_eq!(place.lines("register a b\nodd --now\n"), ["odd --now"]);
    assert!(place.path("etc/made-a").exists() && place.path("etc/made-b").exists());
}

#[test]
fn garbage_and_hostile_scripts_come_to_an_end() {
    for garbage in [
        "esac\nfi\n}\ndone\n;;\nelse\n",
        "case\n",
        "if\n",
        "case $1 in",
        "(((\n",
        "x() {",
        "case a in b",
        "`",
        "${",
        "\"",
        "$(",
        "<<",
    ] {
        lines(Postinst, garbage);
    }
    for nested in ["case x in a) ", "x() { ", "if x; then ", "$(", "`", "${a:-", "( "] {
        lines(Postinst, &nested.repeat(5_000));
    }
    assert_eq!(lines(Postinst, "before\nx=(a b)\nafter\n"), ["before", "what cannot be read: (a b)"]);
    let doubling = "x=aaaaaaaaaaaaaaaa\n".to_owned() + &"x=$x$x$x$x\n".repeat(1000) + "touch /etc/$x\n";
    assert_eq!(lines(Postinst, &doubling).len(), 1);
    let words = "1 2 3 4 5 6 7 8 9 10 ".repeat(10);
    let loops = format!("for a in {words}; do\n").repeat(20) + "true\n" + &"done\n".repeat(20);
    assert_eq!(lines(Postinst, &loops), ["a loop that does not end"]);
    assert_eq!(lines(Postinst, "f() { f; f; }\nf\nwhile true; do :; done\n"), ["a loop that does not end"]);
    assert_eq!(lines(Postinst, "while unheard-of; do odd; done\n"), ["unheard-of", "odd"]);
}
