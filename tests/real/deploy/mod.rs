//! The templates as they are, deployed into `MiniStack` with the bootstraps of `sam build`: what README,
//! outputs and docs/operations.md tell people to do, done to the letter. And broken templates, which
//! must not pass.

mod checks;
mod cloud;
mod functions;
mod lifecycle;
mod mutants;
mod operations;
mod proof;
mod relays;
mod release;
mod stack;

mod table;
mod template;
mod vendors;

use fakes::mailchimp::LIST_ID;
use futures_util::{StreamExt, stream};

use self::{
    cloud::Cloud,
    mutants::{MUTANTS, Mutant},
    stack::Stack,
    template::Template,
    vendors::{SENDER, Vendors},
};

/// How many broken stacks are proven at once.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn templates_deploy_and_mutants_do_not_pass() {
    let cloud = Cloud::start();
    lifecycle::deploy(&cloud).await.unwrap_or_else(|failure| panic!("{failure}"));
    let template = Template::of(&cloud, lifecycle::STACK).await.unwrap();
    let broken = async {
        let rows = MUTANTS.iter().enumerate().map(|(number, mutant)| {
            let (cloud, template) = (&cloud, template.clone());
            async move { row(cloud, number, mutant, template).await }
        });
        stream::iter(rows).buffered(AT_ONCE).collect::<Vec<_>>().await
    };
    let (told, of_relays, rows) =
        tokio::join!(lifecycle::run(&cloud, &template), relays::run(&cloud), broken);
    table::print(&rows);
    let missed = rows.iter().filter(|row| !row.is_caught()).map(ToString::to_string);
    let told = [told, of_relays].into_iter().filter_map(Result::err);
    let failed: Vec<_> = told.map(|failure| failure.to_string()).chain(missed).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Deploys a mutant, and proves it as if it were none.
async fn row(cloud: &Cloud, number: usize, mutant: &Mutant, template: Template) -> table::Row {
    let began = std::time::Instant::now();
    let name = format!("mutant-{number}");
    let mut template = template;
    (mutant.make)(&mut template);
    let found = async {
        let parameters = [
            ("Architecture", lifecycle::ARCHITECTURE),
            ("FromEmail", SENDER),
            ("OryUrl", lifecycle::ORY_URL),
            ("MailchimpSubscribeEnabled", "true"),
            ("MailchimpListId", LIST_ID),
            ("MandrillInboundEnabled", "true"),
            ("MandrillWebhookUrl", "https://hooks.shop.test/mandrill"),
        ];
        template.deploy(cloud, &name, &parameters).await?;
        let stack = Stack::read(cloud, &name).await?;
        let vendors = Vendors::start().await;
        proof::prove(&stack, &vendors).await?;
        lifecycle::delete(&stack).await
    };
    let failure = found.await.err();
    table::Row {
        mistake: mutant.mistake,
        caught_by: mutant.caught_by,
        failure,
        took: began.elapsed(),
    }
}
