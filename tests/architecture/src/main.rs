//! The command `architecture`: prints the numbers of the layout, and on request what breaks its rules.

use architecture::{Sources, Survey, report};
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: architecture [--root FOLDER] [--circles] [--report]";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: impl Iterator<Item = String>) -> Result<String, String> {
    let mut root = architecture::sources::repository();
    let (mut circles, mut offenders) = (false, false);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--root" => root = arguments.next().map(PathBuf::from).ok_or(USAGE)?,
            "--circles" => circles = true,
            "--report" => offenders = true,
            _ => return Err(USAGE.to_owned()),
        }
    }
    let survey = Survey::of(&Sources::read(&root)?)?;
    let mut text = report::table(&survey);
    if circles {
        text.push_str(&report::all_circles(&survey));
    }
    if offenders {
        text.push_str(&report::offenders(&survey));
    }
    Ok(text)
}
