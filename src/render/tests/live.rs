//! Mode live: a volume that the main container writes to, and what its programs and compilers look for.

use serde_json::json;

use super::given::{meant, patched, rendering};
use crate::config::Mode;

const POD: &str = "kind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: main\n    image: i\n    env: [{name: CPATH, value: /own}]\n    \
                   securityContext: {runAsUser: 1000}\n";

#[test]
fn the_main_container_writes_to_the_volume_and_finds_what_comes() {
    let once = patched(&rendering(Mode::Live, None), POD).unwrap();
    assert_eq!(patched(&rendering(Mode::Live, None), &once).unwrap(), once);
    let spec = &meant(&once)[0]["spec"];
    let (init, main) = (&spec["initContainers"][0], &spec["containers"][0]);
    assert_eq!(init["args"], json!(["live", "--slim", "jq", "curl"]));
    assert_eq!(init["securityContext"]["runAsUser"], 1000, "whose the files are, he may replace");
    let mounts = json!([
        { "name": "aptlet-packages", "mountPath": "/p" },
        { "name": "aptlet-packages", "mountPath": "/usr/local/sbin", "subPath": "commands", "readOnly": true },
    ]);
    assert_eq!(main["volumeMounts"], mounts);
    let value = |name: &str| {
        let all = main["env"].as_array().unwrap();
        all.iter().find(|variable| variable["name"] == name).unwrap()["value"].as_str().unwrap().to_owned()
    };
    assert!(value("CPATH").starts_with("/own:/p/usr/include:"));
    assert_eq!((value("LD_LIBRARY_PATH"), value("LIBRARY_PATH")), ("/p/lib".to_owned(), "/p/lib".to_owned()));
    assert!(value("PKG_CONFIG_PATH").contains("/p/usr/lib/x86_64-linux-gnu/pkgconfig"));
    // another mode takes it all away again
    let back = patched(&rendering(Mode::Init, None), &once).unwrap();
    let main = meant(&back)[0]["spec"]["containers"][0].clone();
    assert_eq!(main["env"], json!([{ "name": "CPATH", "value": "/own" }]));
    assert_eq!(main["volumeMounts"][0]["readOnly"], true);
}
