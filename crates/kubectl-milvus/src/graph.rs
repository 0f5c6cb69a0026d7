//! `graph`: a picture of what `install` would do. Writes nothing.

use milvus_aws_core::installation::Standing;

use crate::{
    ExitCode,
    cli::{GraphArgs, GraphFormat},
    cluster::ClusterFlags,
    error::Error,
    host::Host,
    picture::{Drawing, dot, graph_svg, mermaid},
    place::Place,
    plan,
    printer::{Output, Printer},
    wanted::Wanted,
};

/// Draws the plan; refused, after the picture, when something in its way is not ours.
pub(crate) async fn run(
    args: &GraphArgs,
    flags: &ClusterFlags,
    host: &Host,
    printer: Printer,
) -> Result<ExitCode, Error> {
    if args.format.is_some() && printer.output() != Output::Text {
        let said = "--format chooses a picture, and -o a document: leave one of them out";
        return Err(Error::Usage(said.to_owned()));
    }
    // The file first: what it says wrong needs no cluster to be found out.
    let mut wanted = Wanted::read(&args.file, flags, Standing::New, printer)?;
    let place = Place::reach(&mut wanted, flags, host, printer).await?;
    let plan = plan::of(&wanted, &place, host, printer).await?;
    let drawing = Drawing::of(&plan);
    printer.result(&drawing, || {
        picture(&drawing, args.format.unwrap_or_default())
    })?;
    plan::refuse(&wanted, &plan)?;
    Ok(ExitCode::Done)
}

fn picture(drawing: &Drawing<'_>, format: GraphFormat) -> String {
    match format {
        GraphFormat::Mermaid => mermaid(drawing),
        GraphFormat::Dot => dot(drawing),
        GraphFormat::Svg => graph_svg(drawing).to_string(),
    }
}
