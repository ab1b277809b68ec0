//! Objectives and their alert tiers, as a system file states them.

use super::decode::Fields;
use super::symbols::Space;
use super::system::SERVICE;
use crate::diag::Diagnostic;
use crate::model::{Name, SliKind, SloSpec, SystemSlo, Tier};
use crate::units::{BurnRate, Objective, SimDuration};

const SLO: Space = Space::new("SLO", "system::unknown-slo");

/// The period that the factors of `google-30d` are made for.
const MONTH: SimDuration = SimDuration::from_hours(24 * 30);

fn sli_word(sli: SliKind) -> &'static str {
    match sli {
        SliKind::Availability => "availability",
        SliKind::Latency => "latency",
    }
}

/// One `[[slo]]`.
pub(crate) fn decode(fields: &Fields<'_>) -> SystemSlo {
    let target: Option<Objective> = fields.parse("target", "a ratio such as \"0.999\"");
    let window = match fields.duration_optional("window") {
        None => MONTH,
        Some(window) => {
            if window < SimDuration::from_hours(1) {
                let message = format!("the window {window} is shorter than 1h");
                fields.error("decode::out-of-range", message, "window", "too short");
            }
            window
        }
    };
    let tables = fields.tables("tiers", "tier");
    let mut tiers = Vec::with_capacity(tables.len());
    for table in &tables {
        let (tier, factor_known) = decode_tier(table, window);
        if let (Some(target), true) = (target, factor_known) {
            refuse_unreachable(table, "factor", target, &tier);
        }
        if tiers.iter().any(|other: &Tier| other.name() == tier.name()) {
            let message = format!("tier `{}` is defined twice", tier.name());
            table.error("decode::duplicate", message, "long", "defined again");
        }
        tiers.push(tier);
    }
    if fields.table.get("tiers").is_none() {
        tiers = Tier::google_30d();
        if window != MONTH {
            let message = format!("the preset tiers are made for 30d, the window is {window}");
            let warning = Diagnostic::warning("system::preset-tiers", message);
            let warning = warning.at(fields.cx.source, fields.span_of("window"), "not 30d");
            fields.cx.push(warning.help("give `tiers` with factors for this window"));
        }
        if let Some(target) = target {
            for tier in &tiers {
                refuse_unreachable(fields, "target", target, tier);
            }
        }
    }
    let (name, service) = (fields.define("name", SLO), fields.refer("service", &[SERVICE]));
    let target = target.unwrap_or(placeholder_target());
    SystemSlo {
        spec: SloSpec { tiers, ..SloSpec::new(name, service, target, window) },
        sli: fields.word("sli", &[SliKind::Availability, SliKind::Latency], sli_word),
    }
}

fn placeholder_target() -> Objective {
    "1".parse().expect("invariant: 1 is an objective")
}

/// The tier, and whether its factor could be read.
fn decode_tier(fields: &Fields<'_>, window: SimDuration) -> (Tier, bool) {
    let factor: Option<BurnRate> = fields.parse("factor", "a factor such as \"14.4\"");
    let severity = fields.choice("severity", &["page", "ticket"]);
    let (long, short) = (fields.duration_positive("long"), fields.duration_positive("short"));
    let tier = Tier {
        hold_for: fields.duration_optional("for").unwrap_or(SimDuration::ZERO),
        keep_firing_for: fields.duration_optional("keep_firing_for").unwrap_or(SimDuration::ZERO),
        ..Tier::new(long, short, factor.unwrap_or(BurnRate::new(1, 1)), severity)
    };
    if factor.is_some_and(|factor| factor.num() == 0) {
        let message = "a factor of 0 always fires".to_owned();
        fields.error("decode::out-of-range", message, "factor", "wanted above 0");
    }
    if tier.short >= tier.long && tier.long.ms() > 0 {
        let message = format!("the short window {} is not below {}", tier.short, tier.long);
        fields.error("system::window-order", message, "short", "not below `long`");
    }
    if tier.long > window && window.ms() > 0 {
        let message = format!("the long window {} exceeds the SLO's {window}", tier.long);
        fields.error("system::window-order", message, "long", "beyond the SLO's window");
    }
    for (key, length) in [("long", tier.long), ("short", tier.short)] {
        if length.ms() % 60_000 != 0 {
            let message = format!("`{key}` is {length}, wanted whole minutes");
            fields.error("system::window-grid", message, key, "not whole minutes");
        }
    }
    (tier, factor.is_some())
}

/// The largest burn rate is `1 / (1 - target)`, when everything fails; `>` needs more than the
/// factor. In integers: `factor * (1 - target) >= 1` can never be exceeded.
fn refuse_unreachable(fields: &Fields<'_>, key: &str, target: Objective, tier: &Tier) {
    let (budget, whole) = target.budget();
    let factor = tier.factor;
    let left = u128::from(factor.num()) * u128::from(budget);
    if left < u128::from(factor.den()) * u128::from(whole) {
        return;
    }
    let message = format!(
        "tier `{}` can never fire: with target {target} the burn rate is at most {}, its factor is {factor}",
        tier.name(),
        whole as f64 / budget as f64,
    );
    fields.error("system::unreachable-factor", message, key, "can never be exceeded");
}

/// Splits `SLO TIER SEVERITY`.
pub(crate) fn alert_words(text: &str) -> Option<(Name, Name, Name)> {
    let mut words = text.split_whitespace().map(Name::from);
    let alert = (words.next()?, words.next()?, words.next()?);
    words.next().is_none().then_some(alert)
}
