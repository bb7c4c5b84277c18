//! Names and words that do not belong here, each with the reason.

use kart_tidy::{Source, code, line, none, production, sources, tree, whole_words};

/// A name that says nothing gathers everything.
const EMPTY_NAMES: [&str; 7] =
    ["util", "utils", "helper", "helpers", "common", "manager", "managers"];

/// Neither left-overs nor a way around the compiler.
const CODE: [&str; 6] =
    ["dbg!(", "todo!(", "unimplemented!(", "unsafe fn", "unsafe impl", "unsafe {"];

/// Programs that run beside a machine.
const TERMINAL: [&str; 4] = ["daemon", "tui", "sync/src", "sync/wire"];

fn each(files: &[Source], text: impl Fn(&Source) -> String, words: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let text = text(file);
        for word in words {
            let found = text.match_indices(word);
            faults
                .extend(found.map(|(at, _)| format!("{}:{}: {word}", file.path, line(&text, at))));
        }
    }
    faults
}

#[test]
fn names_say_something() {
    let mut faults = Vec::new();
    for file in sources("rs") {
        let parts: Vec<&str> =
            file.path.split('/').map(|part| part.trim_end_matches(".rs")).collect();
        if parts.iter().any(|part| EMPTY_NAMES.contains(part)) {
            faults.push(file.path.clone());
        }
        let code = code(&file.text);
        let modules = whole_words(&code, "mod")
            .filter_map(|at| code.split_at(at + 3).1.split([' ', ';', '{']).nth(1));
        faults.extend(
            modules
                .filter(|name| EMPTY_NAMES.contains(name))
                .map(|name| format!("{}: mod {name}", file.path)),
        );
    }
    none("A module has a name that says nothing:", &faults);
}

#[test]
fn a_module_is_a_file_of_its_name() {
    let misnamed: Vec<String> = sources("rs")
        .into_iter()
        .map(|file| file.path)
        .filter(|path| path.ends_with("/mod.rs"))
        .collect();
    none("foo/mod.rs is written foo.rs:", &misnamed);
}

#[test]
fn no_left_overs_and_nothing_unchecked() {
    none("Not in code that ships:", &each(&sources("rs"), |file| code(&file.text), &CODE));
}

#[test]
fn nothing_can_write_to_a_plc() {
    let words = [
        "write_single",
        "write_multiple",
        "masked_write",
        "mask_write",
        "read_write",
        "modbus_write",
        "WriteSingle",
        "WriteMultiple",
        "MaskWrite",
        "ReadWrite",
        "Request::Custom",
    ];
    let mut files = tree();
    files.retain(|file| {
        let place = file.is_under("tests/sim")
            || file.is_under("tests/tidy")
            || file.path.ends_with(".clippy.toml");
        !place && !file.ends_with("md")
    });
    none(
        "There is no code that can write to a PLC:",
        &each(&files, |file| file.text.clone(), &words),
    );
}

#[test]
fn a_terminal_opens_no_port() {
    let mut files = sources("rs");
    files.retain(|file| {
        let tests = file.path.ends_with("/tests.rs")
            || file.path.contains("/tests/")
            || file.path.contains("/benches/");
        TERMINAL.iter().any(|folder| file.is_under(folder)) && !tests
    });
    let faults = each(
        &files,
        |file| code(production(&file.text)),
        &["TcpListener", "TcpSocket", "UdpSocket"],
    );
    none("A terminal listens on its Unix socket only:", &faults);
}

#[test]
fn tests_wait_for_a_condition() {
    let mut files = sources("rs");
    // There time is simulated: nobody waits while it passes.
    let simulated = ["tests/suite/seeded", "tests/suite/pace/simulated.rs"];
    files.retain(|file| file.is_test() && !simulated.iter().any(|place| file.is_under(place)));
    none(
        "Use wait_for of the harness:",
        &each(&files, |file| code(&file.text), &["sleep(", "sleep_until(", "sleep as "]),
    );
}

#[test]
fn no_path_of_one_machine() {
    let folders = [["wo", "rk"], ["fa", "rm"], ["sha", "red"], ["ro", "ot"], ["tmp/br", "ief"]]
        .map(|parts| format!("/{}", parts.concat()));
    let mut faults = Vec::new();
    for file in tree() {
        for folder in &folders {
            let starts = whole_words(&file.text, folder).filter(|&at| {
                !file.text.split_at(at).0.ends_with(['.', '/', '}', ')', '>', '*', '-'])
            });
            faults.extend(
                starts.map(|at| format!("{}:{}: {folder}", file.path, line(&file.text, at))),
            );
        }
    }
    none("An absolute path means nothing on another machine:", &faults);
}
