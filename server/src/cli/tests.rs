//! What the arguments mean.

use super::*;

fn parse(args: &[&str]) -> Command {
    let line = std::iter::once("backstock").chain(args.iter().copied());
    Cli::try_parse_from(line).unwrap().command
}

fn refuses(args: &[&str]) -> bool {
    let line = std::iter::once("backstock").chain(args.iter().copied());
    Cli::try_parse_from(line).is_err_and(|error| i32::from(Exit::Usage.code()) == error.exit_code())
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_help_of_its_own_with_examples() {
    let mut root = Cli::command();
    root.build();
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        let about = command.get_about().unwrap().to_string();
        assert!(!about.starts_with("Arguments of"), "{}: {about}", command.get_name());
        let examples = command.get_after_help().unwrap().to_string();
        let call = format!("  backstock {}", command.get_name());
        assert!(examples.contains(&call), "{}", command.get_name());
    }
}

#[test]
fn every_example_in_the_help_parses() {
    let mut root = Cli::command();
    root.build();
    let mut parsed = 0;
    for command in root.get_subcommands() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines().filter(|line| line.starts_with("  backstock ")) {
            let words = line.split_whitespace().take_while(|word| !matches!(*word, "|" | ">"));
            Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
            parsed += 1;
        }
    }
    assert!(parsed >= 20, "only {parsed} examples were found");
}

#[test]
fn every_setting_has_a_flag_and_the_help_tells_its_default() {
    let root = Cli::command();
    let serve = root.find_subcommand("serve").unwrap();
    for setting in crate::config::SETTINGS {
        let flag = setting.key.replace('_', "-");
        let arg = serve.get_arguments().find(|arg| arg.get_long() == Some(&flag)).unwrap();
        let help = arg.get_help().unwrap().to_string();
        if let Some(default) = setting.default {
            assert!(help.contains(&format!("[default: {default}]")), "{flag}: {help}");
        }
    }
}

#[test]
fn every_flag_reaches_its_setting() {
    for setting in crate::config::SETTINGS {
        let flag = format!("--{}", setting.key.replace('_', "-"));
        let Command::Serve(args) = parse(&["serve", &flag, "given"]) else { panic!("serve") };
        let flags = args.sources(Vec::new()).flags;
        let given: Vec<_> = flags.iter().filter(|(_, value)| value.is_some()).collect();
        assert_eq!(given, [&(setting.key, Some("given".to_owned()))]);
    }
}

#[test]
fn a_snapshot_is_of_a_server_or_of_a_directory_but_not_of_both() {
    let target = |args: &[&str], env| match parse(&[&["snapshot", "list"], args].concat()) {
        Command::Snapshot(SnapshotArgs { command: SnapshotCommand::List { target, .. } }) => {
            target.target(env)
        }
        other => panic!("{other:?}"),
    };
    let server = |addr: &str| Ok(Target::Server(addr.parse().unwrap()));
    assert_eq!(target(&["--data", "d"], Some("h:1")), Ok(Target::Data("d".into())));
    assert_eq!(target(&["--server", "h:2"], Some("h:1")), server("h:2"));
    assert_eq!(target(&[], Some("h:1")), server("h:1"));
    assert_eq!(target(&[], None), server("127.0.0.1:7411"));
    assert_eq!(target(&[], Some("no port")), Err(BadServerAddr));
    assert!(refuses(&["snapshot", "list", "--data", "d", "--server", "h:2"]));
}

#[test]
fn a_timeout_is_a_time_with_a_unit_or_in_seconds() {
    let timeout = |text: &str| text.parse::<Timeout>().map(|timeout| timeout.0.as_millis());
    for (text, millis) in
        [("30", 30_000), ("30s", 30_000), ("5m", 300_000), ("500ms", 500), ("1h 30m", 5_400_000)]
    {
        assert_eq!(timeout(text), Ok(millis), "{text}");
    }
    for bad in ["", "0", "0s", "-5s", "soon", "5 parsecs", "1.5"] {
        assert_eq!(timeout(bad), Err(BadTimeout), "{bad}");
    }
    // Every command that talks to a server takes one.
    for line in [
        &["import", "stock.csv"][..],
        &["availability", "SKU"],
        &["suggest", "SKU", "--postal-code", "10001"],
        &["order", "show", "W"],
        &["order", "explain", "W"],
        &["order", "timeline", "W"],
        &["audit"],
        &["snapshot", "take"],
        &["snapshot", "list"],
        &["snapshot", "verify"],
        &["snapshot", "export", "--to", "f"],
    ] {
        parse(&[line, &["--timeout", "5s"]].concat());
        assert!(refuses(&[line, &["--timeout", "never"]].concat()), "{line:?}");
    }
    assert!(refuses(&["audit", "--data", "d", "--timeout", "5s"]));
}

#[test]
fn restore_stops_at_an_lsn_or_at_an_instant() {
    let until = |text| match parse(&["restore", "--data", "d", "--until", text]) {
        Command::Restore(args) => args.until.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(until("18204"), Until::Lsn(18_204));
    let instant = "2026-11-21T10:03:05Z".parse().unwrap();
    assert_eq!(until("2026-11-21T10:03:05Z"), Until::Time(instant));
    assert!(refuses(&["restore", "--data", "d", "--until", "yesterday"]));
    assert!(refuses(&["restore", "--data", "d", "--until", "5", "--salvage"]));
    assert!(refuses(&["restore", "--data", "d", "--from", "f", "--salvage"]));
}

#[test]
fn a_server_address_gets_its_scheme_and_needs_its_port() {
    let uri = |text: &str| text.parse::<ServerAddr>().map(|addr| addr.uri().to_owned());
    assert_eq!(uri("localhost:7411"), Ok("http://localhost:7411".into()));
    assert_eq!(uri("http://10.0.0.1:80"), Ok("http://10.0.0.1:80".into()));
    for bad in ["localhost", "ftp://h:1", "", "h:port"] {
        assert_eq!(uri(bad), Err(BadServerAddr), "{bad}");
    }
}

#[test]
fn what_is_left_out_is_a_usage_error() {
    let incomplete: [&[&str]; 7] = [
        &[],
        &["import"],
        &["restore"],
        &["journal", "inspect"],
        &["order", "show"],
        &["snapshot", "export"],
        &["availability"],
    ];
    for line in incomplete {
        assert!(refuses(line), "{line:?}");
    }
}

/// A token is text of any sign, and one of 64 begins so.
#[test]
fn a_token_may_begin_with_a_hyphen() {
    let parsed = parse(&["order", "commit", "WEB-1", "-9x_", "--json"]);
    let Command::Order(OrderArgs { command: OrderCommand::Commit(args) }) = parsed else {
        panic!("{parsed:?}")
    };
    assert_eq!((args.token.as_str(), args.desk.output.json), ("-9x_", true));
}
