//! `template`: templates of one's own for functions that are deployed already built.

mod layer;
mod own;
mod reply;

use std::{error::Error, fs, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};

use self::own::Named;
pub use self::own::{PARAMETERS, RELAY_PARAMETER};
use crate::{command::Done, exit::InvalidInput, output, shell};

const EXAMPLES: &str = "\
Examples:
  ory-actions template pack mandrill-welcome=welcome.jsonnet --out layer.zip
  ory-actions template pack mandrill-welcome=welcome.jsonnet \\
    segment-identify=identify.jsonnet segment-identify:reply=reply.jsonnet
  ory-actions template pack relay:hubspot=crm.jsonnet";

/// Templates of your own for deployed functions.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Template {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check templates, make the zip of a Lambda layer with them, and print how to deploy it.
    Pack(Pack),
}

#[derive(Args)]
struct Pack {
    /// The function and its template; `:reply` after the function for its reply template, and
    /// `relay:PRESET` for a relay.
    #[arg(required = true, value_name = "FUNCTION=FILE.jsonnet", value_parser = Named::parse)]
    templates: Vec<Named>,
    /// The zip to write.
    #[arg(long, value_name = "FILE", default_value = "layer.zip")]
    out: PathBuf,
}

impl Template {
    pub(crate) async fn run(self) -> Done {
        match self.command {
            Command::Pack(pack) => pack.run().await,
        }
    }
}

impl Pack {
    async fn run(self) -> Done {
        let read = |one: &Named| one.read();
        let texts = self.templates.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut all_pass = true;
        for (one, text) in self.templates.iter().zip(&texts) {
            all_pass &= one.passes(text).await;
        }
        if !all_pass {
            output::note("nothing was packed");
            return Ok(ExitCode::FAILURE);
        }
        let names = self.templates.iter().map(Named::file_name);
        let files = names.zip(texts.iter().map(String::as_str));
        let zip = layer::zipped(files).map_err(|error| InvalidInput::new(Box::new(error)))?;
        let out = self.out.display();
        fs::write(&self.out, zip)
            .map_err(|error| -> Box<dyn Error> { format!("cannot write {out}: {error}").into() })?;
        output::line(self.how_to_deploy())?;
        Ok(ExitCode::SUCCESS)
    }

    /// The commands and parameters that make functions use the layer.
    fn how_to_deploy(&self) -> String {
        let path = self.out.display().to_string();
        let zip = shell::word(&path);
        let mut lines = vec![
            "# Publish the layer. It prints its ARN.".to_owned(),
            "aws lambda publish-layer-version --layer-name ory-actions-templates \\".to_owned(),
            format!("  --zip-file fileb://{zip} --query LayerVersionArn --output text"),
        ];
        for (is_relay, stack) in [(false, "the functions"), (true, "the relay")] {
            let of_stack = self.templates.iter().filter(|one| one.is_of_relay() == is_relay);
            let parameters: Vec<_> = of_stack
                .filter_map(|one| {
                    Some(format!("{}=file:///opt/{}", one.parameter()?, one.file_name()))
                })
                .collect();
            if !parameters.is_empty() {
                lines.push(String::new());
                lines.push(format!("# Deploy the stack of {stack} with these parameters."));
                lines.push("TemplatesLayerArn=ARN".to_owned());
                lines.extend(parameters);
            }
        }
        lines.join("\n")
    }
}
