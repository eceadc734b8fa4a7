use clap::Parser;

mod cli;

#[derive(Parser)]
enum Command {
    /// The GPUs, or why there are none
    Devices(cli::devices::Args),
}

fn main() -> std::process::ExitCode {
    let Command::Devices(args) = Command::parse();
    match cli::devices::run(&args) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            error.kind.exit_code().into()
        }
    }
}
