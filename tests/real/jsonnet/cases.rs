//! What is rendered over what: the corpus over its own ctx, and what we ship over that and the
//! sample events.

use std::{fs, path::Path};

use fakes::ory::person;
use mailchimp_inbound::{
    event::{self, Decoded},
    form,
};
use mandrill_welcome::Mail;
use ory_actions::up::samples::SAMPLES;
use serde_json::Value;
use shared::{
    ctx::Ctx,
    inbound::{PersonEvent, template_argument},
    template::Source,
};

use crate::repository;

/// Whom Mailchimp's events are about.
const SOMEBODY: &str = "00000000-1111-4111-8111-000000000000";

/// A template over a ctx.
pub(super) struct Case {
    /// The template's name.
    pub(super) template: String,
    /// The ctx's name.
    pub(super) over: String,
    pub(super) code: String,
    pub(super) ctx: Value,
}

/// A name and what is by it.
type Named<T> = (String, T);

/// All cases.
pub(super) fn all() -> Vec<Case> {
    let ours = repository().join("tests/real/jsonnet");
    let corpus = files(&ours.join("corpus"), "jsonnet");
    let hostile: Vec<_> = files(&ours.join("ctx"), "json").into_iter().map(parsed).collect();
    let corpus = corpus.iter().flat_map(|template| over(template, &hostile));
    let shipped = shipped().into_iter().flat_map(|(template, own)| {
        let mut cases = over(&template, &own);
        cases.extend(over(&template, &hostile));
        cases
    });
    corpus.chain(shipped).collect()
}

/// What we ship, each with the ctx that it meets.
fn shipped() -> [(Named<String>, Vec<Named<Value>>); 4] {
    let named = |source: Source| (source.name().to_owned(), source.code().to_owned());
    let forward = Source::shipped("forward.jsonnet", shared::ctx::FORWARD);
    [
        (named(forward), of_samples(before_forwarding)),
        (named(mandrill_welcome::shipped_template()), of_samples(of_ory)),
        (named(segment_identify::shipped_template()), of_samples(of_ory)),
        (named(mailchimp_inbound::shipped_template()), of_samples(of_mailchimp)),
    ]
}

/// What a reader makes of the sample events; those of which it makes nothing are not for it.
fn of_samples(read: fn(&[u8]) -> Option<Value>) -> Vec<Named<Value>> {
    let read = |sample: &ory_actions::up::samples::Sample| {
        let ctx = read(&sample.event().unwrap().body().unwrap())?;
        Some((sample.file.to_owned(), ctx))
    };
    let mut all: Vec<_> = SAMPLES.iter().filter_map(read).collect();
    all.sort_by(|(one, _), (another, _)| one.cmp(another));
    all.dedup_by(|(one, _), (another, _)| one == another);
    all
}

fn before_forwarding(body: &[u8]) -> Option<Value> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(body.get("ctx").cloned().unwrap_or(body))
}

fn of_ory(body: &[u8]) -> Option<Value> {
    Some(Ctx::decode(body).ok()?.sanitize().for_template(&Mail::sample().for_shipped_template()))
}

fn of_mailchimp(body: &[u8]) -> Option<Value> {
    match event::read(&form::decode(body).ok()?).ok()? {
        Decoded::Event(event) => {
            let somebody = event.address().map(|address| person(SOMEBODY, address));
            Some(template_argument(&event, somebody.as_ref()))
        }
        Decoded::Unknown { .. } => None,
    }
}

fn over((template, code): &Named<String>, all: &[Named<Value>]) -> Vec<Case> {
    let case = |(name, ctx): &Named<Value>| Case {
        template: template.clone(),
        over: name.clone(),
        code: code.clone(),
        ctx: ctx.clone(),
    };
    all.iter().map(case).collect()
}

fn parsed((name, text): Named<String>) -> Named<Value> {
    let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    (name, json)
}

/// The texts of a folder's files of this kind, each with its name, sorted.
fn files(folder: &Path, kind: &str) -> Vec<Named<String>> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == kind));
    let mut files: Vec<_> = paths
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}
