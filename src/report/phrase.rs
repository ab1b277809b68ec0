//! Sentences that scripts and the scorer say in English, in the language of the reader.
//!
//! A template is a sentence with `{}` wherever it varies. The pack brings those of its scripts
//! (`texts` in `pack.toml`), and those of the scorer stand here. A sentence that no template
//! fits stays as it is, so that nothing is ever lost.

use super::lang::{Lang, Words};
use crate::model::Text;

/// What the scorer and the workbench say, as `(English, Japanese)`. The most special come first.
const ENGINE: [(&str, &str); 45] = [
    ("the degraded mode could not be switched on", "縮退運転に切り替えられなかった"),
    ("no channel carried it", "どの経路でも送れなかった"),
    ("no severity is decided", "重要度がまだ判定されていない"),
    ("data are not consistent", "データに不整合がある"),
    ("not stable yet", "まだ安定していない"),
    ("it is not over yet", "まだ収束していない"),
    ("the repair was aimed at {}, and nothing changed", "{}を直そうとしたが、何も変わらなかった"),
    ("the update before announced it", "直前の告知で次回の時刻を予告済み"),
    ("the tools allow {} at the earliest: not rated", "道具の制約で最短でも{}かかるため評定しない"),
    (
        "the uncertainty straddles a limit, so the worse rating is given",
        "記録時刻の誤差が境界をまたぐため、低い方の評定とする",
    ),
    ("the target lies below its floor", "目標が下限より短い"),
    ("no target at severity {}", "重要度 {} には目標がない"),
    ("no severity is known, so no target applies", "重要度が不明のため、適用する目標がない"),
    ("not reached in {}: not rated", "{}たっても未到達：評定対象外"),
    ("no value: not rated", "値がないため評定しない"),
    ("no value, target {}", "値なし、目標 {}"),
    ("{}: not rated", "{}：評定対象外"),
    (
        "the record ends after {}, before the target of {} had passed",
        "目標の{}が過ぎる前、{}で記録が終わっている",
    ),
    ("not done in {}, target {}", "{}たっても未完了、目標 {}"),
    (
        "{} < {} <= 1.5 x {}: target missed by half or less",
        "{} < {} ≦ 1.5 × {}：目標を5割以内の超過で未達",
    ),
    ("{} <= {}: target met", "{} ≦ {}：目標達成"),
    ("{} > 1.5 x {}: target missed", "{} > 1.5 × {}：目標未達"),
    ("{} of {} steps done within the target", "目標内に終えた手順 {} 件（全 {} 件）"),
    (
        "delivered in time, {} of {} fields missing",
        "期限内に提出、必須項目の不足 {} 件（全 {} 件）",
    ),
    ("{} of {} steps done in order and in time", "順序どおり期限内に終えた手順 {} 件（全 {} 件）"),
    (
        "{} late, {} out of order, {} left out ({} critical), {} left out with a reason, {} left out as there was no need",
        "遅延 {} 件、順序違い {} 件、省略 {} 件（うち重要 {} 件）、理由つきで省略 {} 件、不要 {} 件",
    ),
    (
        "{} other violations ({} unsafe), {} hints",
        "その他の規則違反 {} 件（うち危険 {} 件）、ヒント {} 件",
    ),
    ("{} of {} steps done", "終えた手順 {} 件（全 {} 件）"),
    (
        "the worst of its tasks; {} of {} points, the mean of its tasks (P 1, S 0.8, M 0.4, U 0) times its share of 100",
        "重要タスクの最も低い評定。{} 点（{} 点満点）は、タスクの平均（P 1、S 0.8、M 0.4、U 0）に配点を掛けたもの",
    ),
    ("resolved was claimed before: {}", "次の確認を終える前に解決を宣言した：{}"),
    (
        "resolved was claimed while an SLI was outside its SLO",
        "SLI が目標を外れている間に解決を宣言した",
    ),
    ("{} began without a backup before it", "{}：事前のバックアップなしで開始した"),
    ("{} began without an approval", "{}：承認なしで開始した"),
    ("{}: expected no {}, got {}", "{}：{} は出ないはずが、実際は {}"),
    ("{}: expected {}, got {}", "{}：期待は {}、実際は {}"),
    ("  help: {}", "  対処：{}"),
    ("no degraded mode can run for it", "縮退運転の手段がない"),
    ("the degraded mode cannot be switched on", "縮退運転に切り替えられない"),
    ("nothing is wrong any more", "すでに異常がない"),
    ("data are consistent", "データに不整合がない"),
    ("no backup works", "使えるバックアップがない"),
    ("the duty does not apply", "この報告義務は適用されない"),
    ("delivered complete", "必須項目をすべて含めて提出"),
    ("{} fields missing or channels not reached", "必須項目の不足または未達の経路 {} 件"),
    ("{} of {} began before that of {}", "{}：{} に着手したのが {} より先だった"),
];

/// `message` for the reader, by the pack's templates and then the scorer's own.
pub(super) fn say(texts: &[Text], message: &str, words: Words) -> String {
    if words.lang == Lang::En {
        return words.spans_in(message);
    }
    let own = texts.iter().map(|text| (text.en.as_str(), text.ja.as_str()));
    for (en, ja) in own.chain(ENGINE) {
        if let Some(parts) = matched(en, message) {
            let parts: Vec<String> = parts.iter().map(|part| words.spans_in(part)).collect();
            return filled(ja, &parts);
        }
    }
    // Remarks are hung on with a semicolon; each is a sentence of its own.
    match message.split_once("; ") {
        Some((left, right)) => format!("{}。{}", say(texts, left, words), say(texts, right, words)),
        None => words.spans_in(message),
    }
}

/// What stands at each `{}` of `template` in `message`, each as short as it can be. A semicolon
/// ends a sentence, so nothing that varies holds one.
fn matched<'m>(template: &str, message: &'m str) -> Option<Vec<&'m str>> {
    let mut fixed = template.split("{}");
    let mut rest = message.strip_prefix(fixed.next()?)?;
    let mut parts = Vec::new();
    let mut fixed = fixed.peekable();
    while let Some(piece) = fixed.next() {
        let last = fixed.peek().is_none();
        let at = match (piece.is_empty(), last) {
            (true, true) => rest.len(),
            (false, true) => rest.len().checked_sub(piece.len())?,
            _ => rest.find(piece)?,
        };
        if !rest.get(at..)?.starts_with(piece) {
            return None;
        }
        parts.push(&rest[..at]);
        rest = &rest[at + piece.len()..];
    }
    let whole = parts.iter().all(|part: &&str| !part.contains(';'));
    (rest.is_empty() && whole).then_some(parts)
}

fn filled(template: &str, parts: &[String]) -> String {
    let mut parts = parts.iter();
    let mut out = String::with_capacity(template.len() + 32);
    for (nth, piece) in template.split("{}").enumerate() {
        if nth > 0 {
            out.push_str(parts.next().map_or("", String::as_str));
        }
        out.push_str(piece);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::lang::JA;
    use super::*;

    fn ja(message: &str) -> String {
        let own =
            Text { en: "agent {} failed".into(), ja: "エージェント {} が失敗".into() };
        say(&[own], message, Words::new(Lang::Ja))
    }

    #[test]
    fn templates_of_the_pack_and_of_the_scorer_are_found() {
        assert!(!JA.is_empty());
        assert_eq!(ja("agent a b failed"), "エージェント a b が失敗");
        assert_eq!(ja("1h 8m > 1.5 x 30m: target missed"), "1時間8分 > 1.5 × 30分：目標未達");
        assert_eq!(ja("1m 26s <= 10m: target met"), "1分26秒 ≦ 10分：目標達成");
        assert_eq!(
            ja("38 of 40 steps done in order and in time; 0 late, 0 out of order, 0 left out \
                (0 critical), 0 left out with a reason, 2 left out as there was no need; 0 other violations \
                (0 unsafe), 0 hints"),
            "順序どおり期限内に終えた手順 38 件（全 40 件）。遅延 0 件、順序違い 0 件、省略 0 件\
             （うち重要 0 件）、理由つきで省略 0 件、不要 2 件。その他の規則違反 0 件\
             （うち危険 0 件）、ヒント 0 件"
        );
    }

    #[test]
    fn what_no_template_fits_stays() {
        assert_eq!(ja("the moon is round"), "the moon is round");
        assert_eq!(say(&[], "4m 12s", Words::new(Lang::En)), "4 min 12 s");
        assert_eq!(matched("a {} b", "a "), None);
        assert_eq!(matched("{}", "é"), Some(vec!["é"]));
    }

    #[test]
    fn both_sides_of_a_template_vary_in_as_many_places() {
        for (en, ja) in ENGINE {
            assert_eq!(en.matches("{}").count(), ja.matches("{}").count(), "{en}");
        }
    }
}
