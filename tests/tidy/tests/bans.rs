//! The bans of `.clippy.toml` name every way in which tokio-modbus could write to a PLC, and they bite.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what cannot be looked at fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kart_tidy::root;

/// The library's source, as this build uses it.
fn library() -> PathBuf {
    let mut command = Command::new("cargo");
    command.args(["metadata", "--locked", "--format-version", "1"]).current_dir(root());
    let output = done(&mut command);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let manifest = text
        .split("\"manifest_path\":\"")
        .filter_map(|rest| rest.split('"').next())
        .find(|path| path.contains("/tokio-modbus-") && path.ends_with("/Cargo.toml"));
    Path::new(manifest.expect("tokio-modbus is used")).parent().unwrap().to_owned()
}

fn done(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

/// The methods that write, each with its trait.
fn writing() -> Vec<(String, String)> {
    let source = fs::read_to_string(library().join("src/client/mod.rs")).unwrap();
    let mut of = None;
    let mut found = Vec::new();
    for line in source.lines() {
        if let Some(rest) = line.strip_prefix("pub trait ") {
            of = rest.split(':').next().map(str::to_owned);
        } else if line == "}" {
            of = None;
        } else if let (Some(of), Some(rest)) = (&of, line.trim_start().strip_prefix("async fn ")) {
            let name = rest.split('(').next().unwrap_or_default();
            if name.contains("write") || of == "Writer" {
                found.push((of.clone(), name.to_owned()));
            }
        }
    }
    found
}

#[test]
fn every_call_that_writes_is_banned_and_the_ban_bites() {
    let methods = writing();
    assert!(methods.len() >= 6, "{methods:?}");
    let bans = fs::read_to_string(root().join(".clippy.toml")).unwrap();
    let unnamed = methods
        .iter()
        .filter(|(of, name)| !bans.contains(&format!("\"tokio_modbus::client::{of}::{name}\"")));
    assert_eq!(
        unnamed.collect::<Vec<_>>(),
        [] as [&(String, String); 0],
        "missing in .clippy.toml"
    );

    // A library of the same names, and one call of each.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut library = String::from("pub mod client {\n    pub struct Context;\n");
    let mut calls = String::from(
        "#![allow(unused_imports)]\nuse tokio_modbus::client::{Context, Reader, Writer};\n",
    );
    for of in ["Reader", "Writer"] {
        let named = methods.iter().filter(|(other, _)| other == of).map(|(_, name)| name);
        library.push_str(&format!("    pub trait {of} {{\n"));
        for name in named {
            library.push_str(&format!("        fn {name}(&mut self) {{}}\n"));
            calls.push_str(&format!(
                "pub fn {name}(context: &mut Context) {{\n    context.{name}();\n}}\n"
            ));
        }
        library.push_str(&format!("    }}\n    impl {of} for Context {{}}\n"));
    }
    library.push_str("}\n");
    let (stub, caller) = (folder.join("stub.rs"), folder.join("caller.rs"));
    fs::write(&stub, library).unwrap();
    fs::write(&caller, calls).unwrap();
    let compile = |program: &str, source: &Path| {
        let mut command = Command::new(program);
        command.args(["--edition", "2021", "--crate-type", "lib"]).arg(source);
        command.arg("--out-dir").arg(folder).current_dir(root());
        command
    };
    done(compile("rustc", &stub).args(["--crate-name", "tokio_modbus"]));
    let extern_ = format!("tokio_modbus={}", folder.join("libtokio_modbus.rlib").display());
    let mut clippy = compile("clippy-driver", &caller);
    clippy.args(["--extern", &extern_, "--emit", "metadata", "-D", "clippy::disallowed_methods"]);
    let output = clippy.env("CLIPPY_CONF_DIR", root()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "nothing was refused: {said}");
    for (of, name) in &methods {
        let wanted = format!("use of a disallowed method `tokio_modbus::client::{of}::{name}`");
        assert!(said.contains(&wanted), "{wanted}: {said}");
    }
}
