//! What holds whatever a person types.

use proptest::prelude::*;

use super::super::prepare::{Inputs, Options, Prepared};
use super::command::{VERBS, clean, read};
use super::game::{Ended, Game};
use super::record::{Recording, judge_record};
use super::shown::{Shown, Unshown};
use super::vocabulary::Vocabulary;
use super::{Debrief, judge_play};
use crate::exercise::Silent;
use crate::load::{Catalog, Drill};
use crate::model::{Mode, Name, Source};
use crate::policy::Policies;
use crate::score::MilestoneState;
use crate::sim::{Condition, Objection};
use crate::timeline::{Event, EventKind as K, Timeline};
use crate::units::{Seed, SimDuration, SimTime};

fn inputs(scenario: &str) -> Inputs {
    let catalog = Catalog::new(None);
    let Drill { scenario, system, pack } = catalog.scenario(scenario, &[]).unwrap().value;
    let preset = catalog.preset("well-drilled-team").unwrap().value;
    Inputs { system, scenario, pack, preset }
}

fn options(seed: u64) -> Options {
    Options {
        seed: Seed(seed),
        start: None,
        when: None,
        mode: Some(Mode::Train),
        without: Vec::new(),
        threads: 1,
    }
}

/// Lines a person might type, most of them at the wrong time.
const LINES: [&str; 34] = [
    "status",
    "look",
    "look user-service",
    "look discord",
    "look backend-agent",
    "runbook",
    "log",
    "ack",
    "ack 2",
    "join",
    "declare high",
    "declare critical",
    "declare low",
    "page lead",
    "page agents",
    "ask agents",
    "ask lead",
    "ask degrade user-service",
    "approval repair-data user-service",
    "approve repair-data user-service",
    "do assess",
    "do declare",
    "do diagnose",
    "do auto-recover user-service",
    "report immediate",
    "rollback user-service to v41",
    "leave public-first because nobody is awake",
    "suspect user-db",
    "say urgent on it",
    "post we are on it",
    "handover lead",
    "mitigated",
    "resolved",
    "hint",
];

/// What a player does: types, waits, or lets the clock run.
#[derive(Debug, Clone)]
enum Move {
    Type(usize),
    Skip,
    Wait(i64),
    Think(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => (0..LINES.len()).prop_map(Move::Type),
        3 => Just(Move::Skip),
        1 => (1i64..3600).prop_map(Move::Wait),
        3 => (1i64..900_000).prop_map(Move::Think),
    ];
    proptest::collection::vec(one, 0..40)
}

/// A line, with the instant at which it was typed.
type Typed = (SimTime, String);

/// Plays moves; what was shown with the instant, the lines typed, and the events of the game.
fn play(
    prepared: &Prepared<'_>,
    role: &str,
    moves: &[Move],
) -> (Vec<(SimTime, Shown)>, Vec<Typed>, Vec<Event>) {
    let mut policies = Policies::compile(&prepared.inputs.pack).unwrap();
    let mut game = Game::of_drill(prepared, &mut policies, &Name::from(role)).unwrap();
    let (mut shown, mut typed) = (Vec::new(), Vec::new());
    for one in moves {
        if game.is_over() {
            break;
        }
        let line = match one {
            Move::Type(line) => LINES[*line].to_owned(),
            Move::Skip => "skip".to_owned(),
            Move::Wait(secs) => format!("wait {secs}s"),
            Move::Think(ms) => {
                let out = game.pass(game.now() + SimDuration::from_ms(*ms));
                shown.extend(out.into_iter().map(|one| (game.now(), one)));
                continue;
            }
        };
        typed.push((game.now(), line.clone()));
        let out = game.typed(&line);
        shown.extend(out.into_iter().map(|one| (game.now(), one)));
    }
    (shown, typed, finish(prepared, game).events)
}

/// Ends a game now and scores it.
fn finish(prepared: &Prepared<'_>, mut game: Game<'_, '_>) -> Timeline {
    game.typed("end");
    let (played, ended) = game.ended();
    let Ended::Drill(run) = ended else { panic!("a drill was played") };
    judge_play(prepared, &played, run, 0, &Silent).unwrap().timeline
}

/// The same lines at the same instants, without anything between them.
fn replay(prepared: &Prepared<'_>, role: &str, typed: &[Typed], last: SimTime) -> Vec<Event> {
    let mut policies = Policies::compile(&prepared.inputs.pack).unwrap();
    let mut game = Game::of_drill(prepared, &mut policies, &Name::from(role)).unwrap();
    for (at, line) in typed {
        game.pass(*at);
        game.typed(line);
    }
    game.pass(last);
    finish(prepared, game).events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn nothing_is_shown_before_it_can_be_known_and_a_journal_is_the_whole_game(
        moves in moves(),
        role in prop_oneof![Just("pm"), Just("agents"), Just("lead")],
        seed in 1u64..50,
    ) {
        let inputs = inputs("quarterly-outage");
        let options = options(seed);
        let prepared = Prepared::new(&inputs, &options).unwrap();
        let (shown, typed, events) = play(&prepared, role, &moves);
        for (now, one) in &shown {
            let told: Vec<&Event> = match one {
                Shown::Event { event, .. } => vec![&**event],
                Shown::CatchUp { events, .. } | Shown::Log(events) => events.iter().collect(),
                Shown::Board(board) => {
                    for alert in &board.alerts {
                        prop_assert!(alert.since <= *now);
                    }
                    continue;
                }
                _ => continue,
            };
            for event in told {
                prop_assert!(!event.kind.is_ground_truth(), "{event:?}");
                prop_assert!(event.known_at <= *now, "{event:?} at {now}");
            }
        }
        let last = events.last().map_or(prepared.start_of(Seed(seed)), |event| event.at);
        prop_assert_eq!(replay(&prepared, role, &typed, last), events);
    }

    #[test]
    fn no_line_is_too_strange(line in "\\PC{0,80}|(look|do|ask|say|page|ack|wait|rollback|leave) \\PC{0,40}") {
        let inputs = inputs("service-outage");
        let names = Vocabulary::of(&inputs.system, &inputs.pack);
        let cleaned = clean(&line);
        prop_assert!(!cleaned.chars().any(char::is_control));
        let _ = read(&cleaned, &names);
    }
}

#[test]
fn verbs_are_told_apart() {
    let mut words: Vec<&str> =
        VERBS.iter().flat_map(|v| v.also.iter().chain([&v.word])).copied().collect();
    let all = words.len();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), all);
}

fn game_of(scenario: &str, role: &str, lines: &[&str]) -> (Timeline, super::Played) {
    let inputs = inputs(scenario);
    let options = options(1);
    let prepared = Prepared::new(&inputs, &options).unwrap();
    let mut policies = Policies::compile(&inputs.pack).unwrap();
    let mut game = Game::of_drill(&prepared, &mut policies, &Name::from(role)).unwrap();
    for line in lines {
        game.typed(line);
    }
    if lines.is_empty() {
        game.pass(game.start() + SimDuration::from_hours(24 * 30));
    }
    game.typed("end");
    let (played, ended) = game.ended();
    let Ended::Drill(run) = ended else { panic!("a drill was played") };
    let drill = judge_play(&prepared, &played, run, 0, &Silent).unwrap();
    (drill.timeline, played)
}

#[test]
fn who_never_answers_is_given_up_and_the_response_goes_on() {
    let (timeline, _) = game_of("service-outage", "pm", &[]);
    let by_pm = |event: &Event| event.by.as_ref().is_some_and(|by| by.name == "pm");
    let acts = timeline.events.iter().filter(|event| by_pm(event));
    let own: Vec<&Event> = acts
        .filter(|e| {
            !matches!(e.kind, K::PageSent { .. } | K::PageDelivered { .. } | K::PageFailed { .. })
        })
        .collect();
    assert!(own.is_empty(), "nobody acts for the seat in its name: {own:?}");
    let taken = |kind: &K| matches!(kind, K::RoleTaken { role } if *role == "pm");
    assert!(timeline.events.iter().any(|e| taken(&e.kind)), "somebody stands in");
    assert!(timeline.events.iter().any(|e| matches!(e.kind, K::Declared { .. })));
    assert_eq!(timeline.header.source, Source::Live);
}

#[test]
fn a_word_counts_as_the_step_that_asks_for_it() {
    let lines = ["skip", "ack", "declare high"];
    let (timeline, played) = game_of("service-outage", "pm", &lines);
    let at = |wanted: &dyn Fn(&K) -> bool| {
        timeline.events.iter().find(|e| wanted(&e.kind)).map(|e| e.at)
    };
    let declared = at(&|kind| matches!(kind, K::Declared { .. }));
    assert!(declared.is_some());
    assert_eq!(declared, at(&|k| matches!(k, K::StepDone { step, .. } if *step == "declare")));
    assert!(played.typed.iter().all(|typed| typed.taken));
    let declarer = timeline.events.iter().find(|e| matches!(e.kind, K::Declared { .. }));
    assert_eq!(declarer.and_then(|e| e.by.as_ref()).map(|by| by.name.as_str()), Some("pm"));
}

#[test]
fn a_claim_that_is_false_is_scored_as_false() {
    let inputs = inputs("service-outage");
    let options = options(1);
    let prepared = Prepared::new(&inputs, &options).unwrap();
    let mut policies = Policies::compile(&inputs.pack).unwrap();
    let mut game = Game::of_drill(&prepared, &mut policies, &Name::from("pm")).unwrap();
    for line in ["skip", "ack", "mitigated", "end"] {
        game.typed(line);
    }
    let (played, ended) = game.ended();
    let Ended::Drill(run) = ended else { panic!("a drill was played") };
    let drill = judge_play(&prepared, &played, run, 0, &Silent).unwrap();
    let gates: Vec<&str> = drill.scorecard.overall.gates.iter().map(|(g, _)| g.as_str()).collect();
    assert!(gates.contains(&"false_mitigation"), "{gates:?}");
    let mut debrief = Debrief::new(&drill.scorecard, &drill.pack, &drill.timeline.header);
    assert!(debrief.question().is_some());
    debrief.answer("rehearse the claim\u{7}").unwrap();
    assert!(debrief.answer("trainng").is_err());
    debrief.answer("training").unwrap();
    debrief.answer("").unwrap();
    assert!(debrief.answer("2020-01-01").is_err());
    debrief.answer("2026-12-01").unwrap();
    let plan = debrief.plan();
    assert_eq!(plan[0].action.as_deref(), Some("rehearse the claim"));
    assert_eq!(plan[0].owner, None);
    assert_eq!(plan[0].due, Some("2026-12-01".parse().unwrap()));
}

#[test]
fn a_recording_goes_on_as_it_went_and_what_was_typed_is_scored() {
    let catalog = Catalog::new(None);
    let pack = catalog.pack("cinecom").unwrap().value;
    let system = catalog.system("cinecom").unwrap().value;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/cinecom/timelines/broken-response.toml");
    let source = crate::load::read(std::path::Path::new(path), 1 << 20).unwrap();
    let timeline = crate::load::timeline_toml(&source).unwrap().value;
    let preset = catalog.preset("well-drilled-team").unwrap().value;
    let recording = Recording { timeline, pack, system: Some(system), preset };
    let mut game = Game::of_record(&recording, &Name::from("pm"), Mode::Evaluate);
    let mut shown = Vec::new();
    for line in ["skip", "ack", "declare critical", "suspect user-service"] {
        shown.extend(game.typed(line));
    }
    shown.extend(game.pass(game.start() + SimDuration::from_hours(24)));
    assert!(game.is_over());
    let (played, ended) = game.ended();
    let Ended::Record { timeline, .. } = ended else { panic!("a recording was played") };
    let ids: Vec<u32> = timeline.events.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=timeline.events.len() as u32).collect::<Vec<_>>());
    let card = judge_record(&recording, &timeline).unwrap();
    let declared = card.milestones.iter().find(|m| m.name == "declared").unwrap();
    assert_eq!(declared.state, MilestoneState::Observed);
    let then = |event: &Event| event.by.as_ref().is_some_and(|by| by.name == "pm");
    assert!(played.recorded.iter().any(then), "what the role did is told afterwards");
    assert!(shown.iter().any(|one| matches!(one, Shown::Event { event, .. }
        if matches!(event.kind, K::Finding { .. }))));
}

fn by<'a>(timeline: &'a Timeline, role: &str) -> Vec<&'a Event> {
    let by = |event: &&Event| event.by.as_ref().is_some_and(|by| by.name == role);
    timeline.events.iter().filter(by).collect()
}

fn has(events: &[&Event], wanted: impl Fn(&K) -> bool) -> Option<SimTime> {
    events.iter().find(|event| wanted(&event.kind)).map(|event| event.at)
}

fn done(id: &str) -> impl Fn(&K) -> bool {
    move |kind| matches!(kind, K::StepDone { step, .. } if *step == id)
}

fn suspects(kind: &K) -> bool {
    matches!(kind, K::Hypothesis {})
}

#[test]
fn a_diagnosis_yields_evidence_and_the_person_draws_the_conclusion() {
    let inputs = inputs("service-outage");
    let options = options(1);
    let prepared = Prepared::new(&inputs, &options).unwrap();
    let mut policies = Policies::compile(&inputs.pack).unwrap();
    let mut game = Game::of_drill(&prepared, &mut policies, &Name::from("agents")).unwrap();
    let mut shown = Vec::new();
    for line in ["skip", "ack", "do diagnose"] {
        game.typed(line);
    }
    while !shown.iter().any(|one| matches!(one, Shown::Evidence(_))) {
        assert!(!game.is_over());
        shown = game.typed("skip");
    }
    let Some(Shown::Evidence(evidence)) =
        shown.into_iter().find(|one| matches!(one, Shown::Evidence(_)))
    else {
        panic!("evidence was shown")
    };
    let of = |name: &str| evidence.symptoms.iter().find(|s| s.about.name == name);
    assert_eq!(of("user-service").unwrap().condition, Condition::Down);
    assert_eq!(of("user-db").unwrap().condition, Condition::Works, "one call further");
    assert!(evidence.waits);
    let before = game.now();
    for line in ["do recover user-service", "wait 3h"] {
        game.typed(line);
    }
    assert_eq!(game.stage.desk(&Name::from("agents")).judging, vec![evidence.at.clone()]);
    game.typed("suspect user-service");
    let named = game.now();
    let timeline = finish(&prepared, game);
    let own = by(&timeline, "agents");
    assert_eq!(has(&own, suspects), Some(named), "nothing is concluded for the person");
    assert_eq!(has(&own, done("diagnose")), Some(named));
    assert!(named > before);
}

#[test]
fn repairs_follow_a_wrong_suspicion_and_change_nothing() {
    let lines = |about: &'static str| {
        let name = match about {
            "user-service" => "suspect user-service",
            _ => "suspect movie-service",
        };
        ["skip", "ack", name, "do recover user-service", "wait 2h", "wait 2h", "wait 2h"]
    };
    let repaired = |about| {
        let (inputs, options) = (inputs("service-outage"), options(1));
        let prepared = Prepared::new(&inputs, &options).unwrap();
        let mut policies = Policies::compile(&inputs.pack).unwrap();
        let mut game = Game::of_drill(&prepared, &mut policies, &Name::from("agents")).unwrap();
        for line in lines(about) {
            game.typed(line);
        }
        game.pass(game.now() + SimDuration::from_hours(3));
        let timeline = finish(&prepared, game);
        let own = by(&timeline, "agents");
        let failed = has(&own, |k| matches!(k, K::StepFailed { step, .. } if *step == "recover"));
        (has(&own, done("recover")), failed, timeline)
    };
    let (right, none, _) = repaired("user-service");
    assert!(right.is_some() && none.is_none());
    let (wrong, failed, timeline) = repaired("movie-service");
    assert!(failed.is_some() && wrong.is_none(), "{wrong:?}");
    let note = timeline.events.iter().find_map(|event| event.note.as_ref());
    assert!(note.is_some_and(|note| note.contains("movie-service")), "the reason is told");
    let (_, played) =
        game_of("service-outage", "agents", &["skip", "ack", "suspect movie-service"]);
    assert!(played.typed.iter().all(|typed| typed.taken));
}

#[test]
fn whoever_takes_over_draws_the_conclusion_that_was_waited_for() {
    let lines = ["skip", "ack", "do diagnose", "wait 5h", "wait 5h", "wait 5h", "wait 5h"];
    let (inputs, options) = (inputs("service-outage"), options(1));
    let prepared = Prepared::new(&inputs, &options).unwrap();
    let mut policies = Policies::compile(&inputs.pack).unwrap();
    let agents = Name::from("agents");
    let mut game = Game::of_drill(&prepared, &mut policies, &agents).unwrap();
    for line in lines {
        game.typed(line);
    }
    while game.stage.desk(&agents).judging.is_empty() {
        assert!(!game.is_over());
        game.typed("skip");
    }
    game.typed("handover agents");
    assert_eq!(game.stage.desk(&agents).judging, Vec::new());
    game.pass(game.now() + SimDuration::from_hours(3));
    let timeline = finish(&prepared, game);
    assert!(has(&by(&timeline, "agents"), done("diagnose")).is_some());
}

/// A game of the role `role` on a published incident.
fn recorded(incident: &str, role: &str, lines: &[&str]) -> (Timeline, Vec<Shown>) {
    let catalog = Catalog::new(None);
    let timeline = catalog.timeline(incident).unwrap().value;
    let pack = catalog.pack("cinecom").unwrap().value;
    let preset = catalog.preset("well-drilled-team").unwrap().value;
    let recording = Recording { timeline, pack, system: None, preset };
    let mut game = Game::of_record(&recording, &Name::from(role), Mode::Evaluate);
    let mut shown = Vec::new();
    for line in lines {
        shown.extend(game.typed(line));
    }
    let (_, ended) = game.ended();
    let Ended::Record { timeline, .. } = ended else { panic!("a recording was played") };
    judge_record(&recording, &timeline).unwrap();
    (*timeline, shown)
}

#[test]
fn a_step_on_a_recording_takes_its_time_and_says_what_cannot_be_shown() {
    let lines = ["skip", "ack", "do draft-plan", "do diagnose", "skip", "skip", "skip", "end"];
    let (timeline, shown) = recorded("github-2018", "pm", &lines);
    let own = by(&timeline, "pm");
    let begun = has(&own, |k| matches!(k, K::StepStarted { step, .. } if *step == "draft-plan"));
    let took = has(&own, done("draft-plan")).unwrap() - begun.unwrap();
    assert!(took >= SimDuration::from_minutes(1), "{took}");
    let busy = |one: &Shown| matches!(one, Shown::Objection(Objection::Busy(_)));
    assert!(shown.iter().any(busy), "one thing at a time");
    let lines = ["skip", "join", "rollback mysql to v1", "wait 20h", "wait 20h", "ask lead"];
    let (timeline, shown) = recorded("github-2018", "pm", &lines);
    let rolled = |event: &Event| matches!(event.kind, K::Rollback { .. });
    assert!(!timeline.events.iter().any(rolled), "nobody knows whether it would have worked");
    assert!(shown.iter().any(|one| matches!(one, Shown::Unshown(Unshown::Answer))));
}

#[test]
fn nothing_measured_is_read_out_before_somebody_noticed() {
    let (timeline, shown) = recorded("github-2018", "pm", &["ack", "skip", "ack"]);
    assert!(matches!(shown[0], Shown::Objection(Objection::NoPage)), "{:?}", shown[0]);
    let breached = |one: &Shown| {
        matches!(one, Shown::Event { event, .. }
        if matches!(event.kind, K::SliBreached { .. }))
    };
    assert!(!shown.iter().any(breached));
    let found = timeline.events.iter().find(|e| matches!(e.kind, K::Finding { .. })).unwrap();
    let acked = has(&by(&timeline, "pm"), |kind| matches!(kind, K::Acknowledged { .. }));
    assert_eq!(acked, Some(found.at));
    let (timeline, _) = recorded("github-2018", "pm", &["skip", "ack", "skip", "ack"]);
    let own = by(&timeline, "pm");
    let answers = own.iter().filter(|event| matches!(event.kind, K::Acknowledged { .. }));
    assert_eq!(answers.count(), 1, "who is there has nothing more to answer");
}
