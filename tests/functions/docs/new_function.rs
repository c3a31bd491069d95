//! `docs/new-function.md` quotes the files of its example.

use super::read;

const EXAMPLE: &str = "examples/crm-contact";

/// What is not of the example: commands, and what they print.
const NOT_QUOTED: [&str; 2] = ["sh", ""];

/// The fenced blocks of a part of the page: their language, and what they hold.
fn blocks(part: &str) -> impl Iterator<Item = (&str, &str)> {
    part.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap())
}

#[test]
fn code_blocks_match_the_files_named_in_their_headings() {
    let page = read("docs/new-function.md");
    let mut quoted = 0;
    for part in page.split("\n## ") {
        let heading = part.lines().next().unwrap();
        for (_, block) in blocks(part).filter(|(language, _)| !NOT_QUOTED.contains(language)) {
            let file = heading.split('`').nth(1).expect("a heading that names a file");
            let is_there = read(&format!("{EXAMPLE}/{file}")).contains(block);
            assert!(is_there, "{file} does not hold:\n{block}");
            quoted += 1;
        }
    }
    assert!(quoted > 8, "{quoted}");
}
