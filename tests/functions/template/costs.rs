//! The fixed costs in `docs/operations.md`, counted in the template.

use super::{FUNCTIONS, OFF_BY_DEFAULT, QUEUE, Template, alarm::ALARM, live::Live};
use crate::docs::{rows, section};

/// The most that an idle stack with the functions that are on by default may cost in a month, in US
/// dollars.
const GOAL: f64 = 4.50;

/// Prices in US dollars for a month; the page has them in the names of its rows.
const SECRET: f64 = 0.40;
const METRIC_OF_AN_ALARM: f64 = 0.10;

/// Lambda keeps five requests open for each queue that it polls, each for 20 seconds.
const POLLS_A_MONTH: f64 = 5.0 * 30.0 * 86_400.0 / 20.0;
const SQS_REQUEST: f64 = 0.40 / 1e6;

/// How many of each are in a deployment.
struct Counted {
    secrets: usize,
    metrics: usize,
    queues: usize,
}

impl Counted {
    fn of(template: &Template) -> Self {
        let live = Live::of(template);
        let mut alarms: Vec<_> = live.all(ALARM).into_iter().map(|id| live.resource(id)).collect();
        let own = Live::of(&Template::of_monitoring());
        let nested = live.all("AWS::CloudFormation::Stack").len();
        for _ in 0..nested {
            alarms.extend(own.all(ALARM).into_iter().map(|id| own.resource(id)));
        }
        let metrics = alarms.into_iter().map(|alarm| {
            let several = alarm["Metrics"].as_sequence().into_iter().flatten();
            several.filter(|query| !query["MetricStat"].is_null()).count().max(1)
        });
        let dead_letters = live.all(QUEUE).into_iter().filter(|id| id.ends_with("DeadLetters"));
        Self {
            secrets: live.all("AWS::SecretsManager::Secret").len(),
            metrics: metrics.sum(),
            queues: live.all(QUEUE).len() - dead_letters.count(),
        }
    }

    fn lines(&self) -> [(String, usize, f64); 3] {
        let count = |count: usize| f64::from(u32::try_from(count).unwrap());
        let queue = POLLS_A_MONTH * SQS_REQUEST;
        [
            (format!("secrets at {SECRET:.2}"), self.secrets, count(self.secrets) * SECRET),
            (
                format!("metrics in alarms at {METRIC_OF_AN_ALARM:.2}"),
                self.metrics,
                count(self.metrics) * METRIC_OF_AN_ALARM,
            ),
            (format!("queues at {queue:.4}"), self.queues, count(self.queues) * queue),
        ]
    }

    fn dollars(&self) -> f64 {
        self.lines().iter().map(|(.., dollars)| dollars).sum()
    }
}

/// The columns: as most deploy it, with each of the functions too that are off, and with all options
/// of all.
fn deployments() -> [Counted; 4] {
    let [default, all] = Template::read_both();
    let [subscribe, inbound] = ["MailchimpSubscribeEnabled", "MandrillInboundEnabled"]
        .map(|switch| default.clone().with(&[(switch, "true")]));
    [default, subscribe, inbound, all].each_ref().map(Counted::of)
}

#[test]
fn documented_idle_bill_is_that_of_the_template() {
    is_documented(&deployments(), "### Fixed costs per month");
}

fn is_documented(deployments: &[Counted], heading: &str) {
    let lines: Vec<_> = deployments.iter().map(Counted::lines).collect();
    let mut expected: Vec<Vec<String>> = (0..lines[0].len())
        .map(|row| {
            let cells = lines.iter().flat_map(|lines| {
                let (_, count, dollars) = &lines[row];
                [count.to_string(), format!("{dollars:.2}")]
            });
            [lines[0][row].0.clone()].into_iter().chain(cells).collect()
        })
        .collect();
    let sums = deployments.iter().map(|one| format!("{:.2}", one.dollars()));
    let sums = sums.flat_map(|sum| [String::new(), sum]);
    expected.push(["**idle**".to_owned()].into_iter().chain(sums).collect());
    let documented = rows(&section("docs/operations.md", heading));
    let columns = expected[0].len();
    let documented: Vec<_> = documented.into_iter().filter(|row| row.len() == columns).collect();
    assert_eq!(documented, expected);
}

/// The columns of a relay: one that repeats calls in doubt, and one that holds them.
#[test]
fn documented_idle_bill_of_a_relay_is_that_of_the_template() {
    let [repeats, holds] =
        ["repeat", "hold"].map(|word| Counted::of(&Template::relay().with(&[("OnInDoubt", word)])));
    is_documented(&[repeats, holds], "### Fixed costs of a relay");
}

#[test]
fn idle_stack_with_default_parameters_stays_within_the_goal() {
    let [default, ..] = deployments();
    assert_eq!(default.queues, FUNCTIONS.len() - OFF_BY_DEFAULT.len());
    assert!(default.dollars() <= GOAL, "{}", default.dollars());
}

#[test]
fn a_stack_has_one_dashboard_and_a_relay_can_do_without() {
    let dashboards =
        |template: &Template| Live::of(template).all("AWS::CloudWatch::Dashboard").len();
    for template in Template::each_with_all_parts() {
        assert_eq!(dashboards(&template), 1);
    }
    let without = Template::relay().with(&[("DashboardEnabled", "false")]);
    assert_eq!(dashboards(&without), 0);
    assert!(!Live::of(&without).outputs.contains_key("Dashboard"));
}
