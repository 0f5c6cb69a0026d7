//! README.md is true: its files can be installed, its commands and options exist, its table is the topology's.

use milvus_aws_core::{Installation, topology::lines};

use crate::plugin::Folder;

const README: &str = include_str!("../../../../README.md");

/// The fenced blocks of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let blocks = README.split(fence.as_str()).skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn the_files_are_valid() {
    let files = blocks("yaml");
    assert_eq!(files.len(), 6);
    for file in files {
        if let Err(error) = Installation::from_yaml("README.md", file) {
            panic!("{error}\n{file}");
        }
    }
}

#[test]
fn the_commands_exist() {
    let folder = Folder::new();
    let lines = blocks("sh").into_iter().flat_map(str::lines);
    let commands = lines.filter_map(|line| line.strip_prefix("kubectl milvus "));
    let mut count = 0;
    for command in commands {
        let command = command.split('#').next().unwrap();
        let args: Vec<_> = command.split_whitespace().chain(["--help"]).collect();
        folder.run(&args).exits(0);
        count += 1;
    }
    assert_eq!(count, 24);
}

#[test]
fn every_command_is_in_the_table() {
    let help = Folder::new().run(&["--help"]).exits(0).stdout;
    let commands = help.split("Commands:\n").nth(1).unwrap();
    let commands = commands.lines().take_while(|line| !line.is_empty());
    for line in commands {
        let command = line.split_whitespace().next().unwrap();
        assert!(README.contains(&format!("| `{command}` |")), "{command}");
    }
}

#[test]
fn the_newest_releases_are_told() {
    for line in lines() {
        let (major, minor, patch) = line.newest;
        let row = format!("| {major}.{minor} | {major}.{minor}.{patch} |");
        assert!(README.contains(&row), "{row}");
    }
}
