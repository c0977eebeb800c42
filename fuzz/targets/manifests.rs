//! Any text as a manifest for `aptlet render`: it is refused, or what comes out is refused or stays as it is the second time.
#![no_main]

use aptlet::config::{Exposure, Mode, PathOrder, Rendering};
use aptlet::render::{Manifest, render};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let mode =
        [Mode::Init, Mode::Sidecar, Mode::Entrypoint, Mode::Live, Mode::Image][usize::from(choice % 5)];
    let rendering = Rendering {
        mode,
        baked: (mode == Mode::Image).then(|| "registry.example/tools:1".to_owned()),
        mount: "/p".to_owned(),
        exposure: if choice & 16 != 0 { Exposure::Path(None) } else { Exposure::default() },
        path_order: if choice & 8 != 0 { PathOrder::First } else { PathOrder::Last },
        flags: Vec::new(),
        requests: vec!["jq".to_owned()],
        all_requests: vec!["jq".to_owned()],
        files: Vec::new(),
        config_map: (choice & 64 != 0).then(|| "settings".to_owned()),
        auth_secret: None,
        image: (choice & 32 != 0).then(|| "aptlet".to_owned()),
        port: 8081,
        size_limit: None,
        storage: None,
        port_is_given: false,
        manifest: Some("-".into()),
        workload: None,
        all: false,
        containers: Vec::new(),
        tls_secret: None,
        helm_values: false,
        libraries: choice & 64 != 0,
    };
    let rendered = |text: &str| render(&rendering, Some(Manifest { place: "-", text }));
    if let Ok(once) = rendered(text) {
        let again = rendered(&once).map_err(|error| error.to_string());
        assert_eq!(again.as_ref(), Ok(&once));
    }
});
