//! How long a file and a function may be.

use kart_tidy::{code, line, none, production, sources, whole_words};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;

#[test]
fn files_are_short() {
    let mut faults = Vec::new();
    for file in sources("rs") {
        let lines = production(&file.text).lines().count();
        if lines > FILE_LINES {
            faults.push(format!("{}: {lines} lines", file.path));
        }
    }
    none(
        &format!("A file has more than {FILE_LINES} lines, tests at its end not counted:"),
        &faults,
    );
}

#[test]
fn functions_are_short() {
    let mut faults = Vec::new();
    for file in sources("rs") {
        let code = code(&file.text);
        for (at, lines) in functions(&code) {
            if lines > FUNCTION_LINES {
                faults.push(format!("{}:{}: {lines} lines", file.path, line(&code, at)));
            }
        }
    }
    none(&format!("A function has more than {FUNCTION_LINES} lines of code:"), &faults);
}

/// Where each function starts, and how many lines its body has that are neither blank nor comment.
fn functions(code: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for at in whole_words(code, "fn") {
        let after = code.split_at(at + 2).1.trim_start();
        if after.starts_with(|letter: char| letter.is_alphabetic() || letter == '_') {
            found.push((at, body(after).lines().filter(|line| !line.trim().is_empty()).count()));
        }
    }
    found
}

/// What stands between the braces that follow; nothing for a function without a body.
fn body(signature: &str) -> &str {
    let mut start = None;
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, letter) in signature.char_indices() {
        match letter {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            ';' if braces == 0 && brackets == 0 => return "",
            '{' => {
                start.get_or_insert(at + 1);
                braces += 1;
            },
            '}' => {
                braces = braces.saturating_sub(1);
                if let Some(start) = start.filter(|_| braces == 0) {
                    return signature.get(start..at).unwrap_or_default().trim_matches('\n');
                }
            },
            _ => {},
        }
    }
    ""
}

#[test]
fn the_lines_of_a_function_are_counted() {
    let text = code(
        "fn a(b: [u8; 2]) -> fn(u8) {\n  if x {\n\n    // why\n  }\n}\ntrait T { fn c(); }\nfn d() { 1 }\n",
    );
    let lines: Vec<usize> = functions(&text).into_iter().map(|(_, lines)| lines).collect();
    assert_eq!(lines, [2, 0, 1]);
}
