//! What a person types, read: one command per line, told from a closed list of verbs.

use super::vocabulary::{Kind, Vocabulary};
use crate::diag::did_you_mean;
use crate::model::Name;
use crate::sim::RespondAct;
use crate::units::SimDuration;

/// Longer lines are cut: no command needs more, and a text of this length is a report.
pub const MAX_LINE_CHARS: usize = 500;

/// The longest wait that can be asked for at once.
const LONGEST_WAIT: SimDuration = SimDuration::from_hours(24 * 30);

/// One verb of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verb {
    /// The word.
    pub word: &'static str,
    /// Other words for it, the Japanese one among them.
    pub also: &'static [&'static str],
    /// What follows it, as manuals write it.
    pub usage: &'static str,
}

const fn verb(word: &'static str, also: &'static [&'static str], usage: &'static str) -> Verb {
    Verb { word, also, usage }
}

/// All verbs, in the order of the manual.
pub const VERBS: [Verb; 30] = [
    verb("status", &["st", "状況"], ""),
    verb("look", &["l", "見る"], "[SERVICE|AGENT|TOOL]"),
    verb("runbook", &["rb", "手順"], "[PLAYBOOK]"),
    verb("log", &["経過"], ""),
    verb("ack", &["acknowledge", "応答"], "[PAGE]"),
    verb("join", &["参加"], ""),
    verb("declare", &["宣言"], "LEVEL"),
    verb("page", &["呼出"], "ROLE"),
    verb("ask", &["質問"], "ROLE | ask STEP [TARGET]"),
    verb("approval", &["承認依頼"], "STEP [TARGET]"),
    verb("approve", &["承認"], "STEP [TARGET]"),
    verb("do", &["try", "実施"], "STEP [TARGET]"),
    verb("report", &["報告"], "DUTY"),
    verb("rollback", &["切戻し"], "SERVICE [to VERSION]"),
    verb("leave", &["省略"], "STEP [TARGET] because REASON"),
    verb("suspect", &["推定"], "SERVICE|STORE|AGENT|TOOL"),
    verb("say", &["tell", "連絡"], "CHANNEL TEXT"),
    verb("post", &["公表"], "TEXT"),
    verb("handover", &["引継ぎ"], "ROLE"),
    verb("mitigated", &["解消"], ""),
    verb("resolved", &["復旧"], ""),
    verb("wait", &["待つ"], "DURATION"),
    verb("skip", &["s", "進む"], ""),
    verb("note", &["メモ"], "TEXT"),
    verb("hint", &["ヒント"], ""),
    verb("pause", &["中断"], ""),
    verb("end", &["終了"], ""),
    verb("abort", &["中止"], ""),
    verb("quit", &["exit", "退出"], ""),
    verb("help", &["h", "?", "ヘルプ"], "[COMMAND]"),
];

/// A line that was understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Something is done.
    Act(RespondAct),
    /// How things stand with the seat.
    Status,
    /// The steps of a playbook, or of those that apply.
    Runbook(Option<Name>),
    /// What was noticed so far.
    Log,
    /// Time passes.
    Wait(SimDuration),
    /// Time passes until something is noticed.
    Skip,
    /// A note to oneself.
    Note,
    /// Help by the facilitator.
    Hint,
    /// The clock stands still.
    Pause,
    /// The exercise ends as planned, by the person's word.
    End,
    /// The exercise is stopped at once.
    Abort,
    /// The person leaves the terminal; the game waits.
    Quit,
    /// The manual, of one command or of all.
    Help(Option<&'static Verb>),
}

/// Why a line was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misread {
    /// A word is no name of its kind.
    Unknown {
        /// The kind that was expected.
        kind: Kind,
        /// As typed.
        word: String,
        /// The nearest name.
        near: Option<Name>,
        /// All names, where they are few enough to list.
        known: Vec<Name>,
    },
    /// Something is missing behind the verb.
    Missing {
        /// The verb.
        verb: &'static Verb,
        /// What could stand there, where it is few enough to list.
        known: Vec<Name>,
    },
    /// Something stands behind that does not belong there.
    TooMuch(&'static Verb),
    /// Not a duration such as `5m`.
    Duration(String),
    /// Hints exist in train mode only.
    NoHints,
}

/// A line as it may be kept and shown: control characters and those that turn the direction of
/// writing become spaces, and the line is cut at [`MAX_LINE_CHARS`].
pub fn clean(line: &str) -> String {
    let harmful = |c: char| {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}');
        c.is_control() || turns || matches!(c, '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let shown = |c: char| if harmful(c) { ' ' } else { c };
    let text: String = line.chars().map(shown).take(MAX_LINE_CHARS).collect();
    text.trim().to_owned()
}

/// Reads a cleaned line; `None` for an empty one.
pub(super) fn read(line: &str, names: &Vocabulary) -> Result<Option<Command>, Misread> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    if word.is_empty() {
        return Ok(None);
    }
    let verb = find_verb(word)?;
    Line { verb, rest: rest.trim(), names }.command().map(Some)
}

/// The verb that a line begins with, in whatever word for it.
pub fn verb_of(line: &str) -> Option<&'static Verb> {
    find_verb(line.split_whitespace().next()?).ok()
}

fn find_verb(word: &str) -> Result<&'static Verb, Misread> {
    let lower = word.to_lowercase();
    let named = |verb: &&Verb| verb.word == lower || verb.also.contains(&lower.as_str());
    VERBS.iter().find(named).ok_or_else(|| Misread::Unknown {
        kind: Kind::Command,
        word: word.to_owned(),
        near: did_you_mean(&lower, VERBS.iter().map(|verb| verb.word)).map(Name::from),
        known: Vec::new(),
    })
}

/// A verb and what stands behind it.
struct Line<'a> {
    verb: &'static Verb,
    rest: &'a str,
    names: &'a Vocabulary,
}

impl Line<'_> {
    fn command(&self) -> Result<Command, Misread> {
        let act = match self.verb.word {
            "status" => return self.alone(Command::Status),
            "log" => return self.alone(Command::Log),
            "skip" => return self.alone(Command::Skip),
            "hint" => return self.alone(Command::Hint),
            "pause" => return self.alone(Command::Pause),
            "end" => return self.alone(Command::End),
            "abort" => return self.alone(Command::Abort),
            "quit" => return self.alone(Command::Quit),
            "note" => return self.text().map(|_| Command::Note),
            "wait" => return self.duration().map(Command::Wait),
            "help" => return self.help(),
            "runbook" if self.rest.is_empty() => return Ok(Command::Runbook(None)),
            "runbook" => {
                return self.one(Kind::Playbook).map(|name| Command::Runbook(Some(name)));
            }
            "join" => return self.alone(Command::Act(RespondAct::Join)),
            "mitigated" => return self.alone(Command::Act(RespondAct::ClaimMitigated)),
            "resolved" => return self.alone(Command::Act(RespondAct::ClaimResolved)),
            "look" => RespondAct::Look { about: self.look()? },
            "ack" => RespondAct::Acknowledge { page: self.page()? },
            "declare" => RespondAct::Declare { level: self.one(Kind::Level)? },
            "page" => RespondAct::Page { role: self.one(Kind::Role)? },
            "ask" => self.ask()?,
            "handover" => RespondAct::HandOver { to: self.one(Kind::Role)? },
            "suspect" => RespondAct::Suspect { about: self.entity(self.needed()?)? },
            "post" => RespondAct::Post { text: self.text()? },
            "say" => self.say()?,
            "report" => {
                let duty = self.one(Kind::Duty)?;
                let step = self.names.step_of_duty(&duty);
                let step = step.ok_or_else(|| self.unknown(Kind::Duty, &duty))?;
                RespondAct::Step { step, on: None }
            }
            "rollback" => self.rollback()?,
            "leave" => self.leave()?,
            _ => self.step_act()?,
        };
        Ok(Command::Act(act))
    }

    fn missing(&self) -> Misread {
        let kind = match self.verb.word {
            "declare" => Some(Kind::Level),
            "page" | "ask" | "handover" => Some(Kind::Role),
            "report" => Some(Kind::Duty),
            "say" => Some(Kind::Channel),
            "suspect" => Some(Kind::Entity),
            "rollback" => Some(Kind::Target),
            _ => None,
        };
        let known = kind.map_or_else(Vec::new, |kind| self.names.known(kind));
        Misread::Missing { verb: self.verb, known }
    }

    fn alone(&self, command: Command) -> Result<Command, Misread> {
        if self.rest.is_empty() { Ok(command) } else { Err(Misread::TooMuch(self.verb)) }
    }

    fn needed(&self) -> Result<&str, Misread> {
        if self.rest.is_empty() { Err(self.missing()) } else { Ok(self.rest) }
    }

    fn text(&self) -> Result<Name, Misread> {
        self.needed().map(Name::from)
    }

    fn unknown(&self, kind: Kind, word: &str) -> Misread {
        const LISTED: usize = 12;
        let known = self.names.known(kind);
        Misread::Unknown {
            kind,
            word: word.to_owned(),
            near: self.names.near(kind, word),
            known: if known.len() <= LISTED { known } else { Vec::new() },
        }
    }

    fn name(&self, kind: Kind, word: &str) -> Result<Name, Misread> {
        self.names.find(kind, word).ok_or_else(|| self.unknown(kind, word))
    }

    fn one(&self, kind: Kind) -> Result<Name, Misread> {
        let word = self.needed()?;
        // A name that does not exist says more than what stands behind it.
        let first = word.split_whitespace().next().unwrap_or(word);
        let name = self.name(kind, first)?;
        if first == word { Ok(name) } else { Err(Misread::TooMuch(self.verb)) }
    }

    fn entity(&self, word: &str) -> Result<crate::model::Ref, Misread> {
        self.names.entity(word).ok_or_else(|| self.unknown(Kind::Entity, word))
    }

    fn look(&self) -> Result<Option<crate::model::Ref>, Misread> {
        if self.rest.is_empty() { Ok(None) } else { self.entity(self.rest).map(Some) }
    }

    fn page(&self) -> Result<Option<u32>, Misread> {
        let word = self.rest.trim_start_matches('#');
        if word.is_empty() {
            return Ok(None);
        }
        word.parse().map(Some).map_err(|_| Misread::TooMuch(self.verb))
    }

    fn duration(&self) -> Result<SimDuration, Misread> {
        const JAPANESE: [(&str, &str); 4] = [("時間", "h"), ("分", "m"), ("秒", "s"), ("日", "d")];
        let mut word: String = self.needed()?.split_whitespace().collect();
        for (unit, letter) in JAPANESE {
            word = word.replace(unit, letter);
        }
        let bad = || Misread::Duration(word.clone());
        let span: SimDuration = word.parse().map_err(|_| bad())?;
        let fits = span > SimDuration::ZERO && span <= LONGEST_WAIT;
        if fits { Ok(span) } else { Err(bad()) }
    }

    fn help(&self) -> Result<Command, Misread> {
        if self.rest.is_empty() {
            return Ok(Command::Help(None));
        }
        find_verb(self.rest).map(|verb| Command::Help(Some(verb)))
    }

    /// A step and, where there is one, its target; `on` between them may be left out.
    fn step(&self, text: &str) -> Result<(Name, Option<Name>), Misread> {
        let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "on").collect();
        let Some((step, rest)) = words.split_first() else {
            return Err(self.missing());
        };
        let step = self.name(Kind::Step, step)?;
        match rest {
            [] => Ok((step, None)),
            [target] => Ok((step, Some(self.name(Kind::Target, target)?))),
            _ => Err(Misread::TooMuch(self.verb)),
        }
    }

    fn step_act(&self) -> Result<RespondAct, Misread> {
        let (step, on) = self.step(self.needed()?)?;
        Ok(match self.verb.word {
            "approval" => RespondAct::AskApproval { step, on },
            "approve" => RespondAct::Approve { step, on },
            _ => RespondAct::Step { step, on },
        })
    }

    /// A role is asked how it stands, or whoever does a step is asked to do it.
    fn ask(&self) -> Result<RespondAct, Misread> {
        let text = self.needed()?;
        let first = text.split_whitespace().next().unwrap_or(text);
        if self.names.find(Kind::Step, first).is_some() {
            let (step, on) = self.step(text)?;
            return Ok(RespondAct::AskFor { step, on });
        }
        Ok(RespondAct::Ask { role: self.one(Kind::Role)? })
    }

    fn say(&self) -> Result<RespondAct, Misread> {
        let (channel, text) =
            self.needed()?.split_once(char::is_whitespace).unwrap_or((self.rest, ""));
        let channel = self.name(Kind::Channel, channel)?;
        let text = text.trim();
        if text.is_empty() {
            return Err(self.missing());
        }
        Ok(RespondAct::Say { channel, text: Name::from(text) })
    }

    fn rollback(&self) -> Result<RespondAct, Misread> {
        let text = self.needed()?;
        let (on, option) = text.split_once(" to ").unwrap_or((text, "last-good"));
        let on = self.name(Kind::Target, on.trim())?;
        Ok(RespondAct::RollBack { on, option: Name::from(option.trim()) })
    }

    fn leave(&self) -> Result<RespondAct, Misread> {
        let text = self.needed()?;
        let (what, reason) = text.split_once(" because ").unwrap_or((text, ""));
        let (step, on) = self.step(what)?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(self.missing());
        }
        Ok(RespondAct::Skip { step, on, reason: Some(Name::from(reason)) })
    }
}
