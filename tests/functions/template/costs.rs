//! The fixed costs in `docs/operations.md`, counted in the template.

use super::{FUNCTIONS, QUEUE, Template, alarm::ALARM, live::Live};
use crate::docs::{rows, section};

/// The most that an idle stack with three functions may cost in a month, in US dollars.
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
        let own = Live::of(&Template::of_file("monitoring.yaml"));
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

#[test]
fn documented_idle_bill_is_that_of_the_template() {
    let deployments = Template::read_both().map(|template| Counted::of(&template));
    let [default, all] = &deployments;
    let mut expected: Vec<Vec<String>> = default
        .lines()
        .into_iter()
        .zip(all.lines())
        .map(|((name, few, cheap), (_, many, dear))| {
            vec![
                name,
                few.to_string(),
                format!("{cheap:.2}"),
                many.to_string(),
                format!("{dear:.2}"),
            ]
        })
        .collect();
    let [cheap, dear] = deployments.each_ref().map(|one| format!("{:.2}", one.dollars()));
    expected.push(vec!["**idle**".to_owned(), String::new(), cheap, String::new(), dear]);
    let documented = rows(&section("docs/operations.md", "### Fixed costs per month"));
    let documented: Vec<_> = documented.into_iter().filter(|row| row.len() == 5).collect();
    assert_eq!(documented, expected);
}

#[test]
fn idle_stack_with_all_functions_stays_within_the_goal() {
    let counted = Counted::of(&Template::read());
    assert_eq!(counted.queues, FUNCTIONS.len());
    assert!(counted.dollars() <= GOAL, "{}", counted.dollars());
}

#[test]
fn the_stack_has_one_dashboard() {
    let [_, all] = Template::read_both();
    assert_eq!(Live::of(&all).all("AWS::CloudWatch::Dashboard").len(), 1);
}
