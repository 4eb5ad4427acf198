//! The command line as Markdown, for the README. The flags of `run` have a table of their own.

use super::Arguments;
use clap::{Arg, ArgAction, Command, CommandFactory};
use std::fmt::Write as _;

/// Every command with its usage, arguments and exit codes, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut whole = Arguments::command();
    whole.build();
    let mut text = String::new();
    for command in whole.get_subcommands() {
        describe(command, &mut text);
    }
    text
}

fn describe(command: &Command, text: &mut String) {
    let children: Vec<_> = command.get_subcommands().filter(|child| child.get_name() != "help").collect();
    if !children.is_empty() {
        children.into_iter().for_each(|child| describe(child, text));
        return;
    }
    let title = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let title = title.strip_prefix("chatwoot-operator ").unwrap_or(title);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    // Writing into a String does not fail.
    let _ = writeln!(text, "### `{title}`\n\n{about}.\n");
    if command.get_name() == "run" {
        return;
    }
    if let Some(more) = command.get_long_about().map(ToString::to_string).filter(|more| *more != about) {
        let _ = writeln!(text, "{more}\n");
    }
    let usage = command.clone().render_usage().to_string();
    let _ = writeln!(text, "```\n{}\n```\n", usage.trim_start_matches("Usage: "));
    let rows: Vec<_> = command.get_arguments().filter(|arg| is_shown(arg)).map(row).collect();
    if !rows.is_empty() {
        let _ = writeln!(text, "| Argument | Default | Meaning |\n|---|---|---|\n{}\n", rows.join("\n"));
    }
    if let Some(after) = command.get_after_help() {
        let _ = writeln!(text, "{after}\n");
    }
}

fn is_shown(arg: &Arg) -> bool {
    !arg.is_hide_set()
        && !matches!(
            arg.get_action(),
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
        )
}

fn row(arg: &Arg) -> String {
    let value = arg.get_value_names().and_then(<[_]>::first).map_or("", |name| name.as_str());
    let name = match arg.get_long() {
        Some(long) if arg.get_action().takes_values() => format!("--{long}={value}"),
        Some(long) => format!("--{long}"),
        None => value.to_owned(),
    };
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let default = if defaults.is_empty() || !arg.get_action().takes_values() {
        String::new()
    } else {
        format!("`{}`", defaults.join(","))
    };
    let mut meaning = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<_> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if !values.is_empty() && arg.get_action().takes_values() {
        meaning.push_str(&format!(": {}", values.join(", ")));
    }
    format!("| `{}` | {default} | {} |", name.replace('|', "\\|"), meaning.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_stands_in_it_with_its_flags_and_exit_codes() {
        let text = reference();
        for part in [
            "### `run`",
            "### `crds`",
            "### `resolve account`",
            "| `--account-id=ID` |",
            "| `--timeout=DURATION` | `2m` |",
            "chatwoot-operator resolve account",
            "Exit codes: 0",
        ] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
        assert!(!text.contains("--help") && !text.contains("\u{1b}["), "{text}");
    }
}
